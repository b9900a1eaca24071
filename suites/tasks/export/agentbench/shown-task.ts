import type { AgentBenchResults, ResultTask } from "./results.ts";
import { layers } from "./results.ts";
import type { RecordedAttempt } from "../../attempts/read-attempts.ts";

/** A task as reports show it: its numbers, and the sentences that say where they come from. */
export interface ShownTask extends ResultTask {
  /** What was not as it should be, most points first. */
  readonly lost: readonly string[];
  /** Every finding, and why a layer is missing. */
  readonly reasons: readonly string[];
  readonly files: readonly string[];
  readonly calls: string;
}

/** Worst first; those without a score last. */
export function shownTasks(
  results: AgentBenchResults,
  tried: readonly RecordedAttempt[],
): readonly ShownTask[] {
  const byId = new Map(tried.map((task) => [keyOf(task.record.domain, task.record.taskId), task]));
  const shown = results.tasks.map((row) => shownTask(row, byId.get(keyOf(row.suite, row.id))));
  return shown.toSorted((a, b) => (a.score ?? Infinity) - (b.score ?? Infinity));
}

function keyOf(suite: string, id: string): string {
  return JSON.stringify([suite, id]);
}

function shownTask(row: ResultTask, tried: RecordedAttempt | undefined): ShownTask {
  const observation = tried?.attempt?.observation;
  const score = tried?.attempt?.score ?? null;
  const findings = observation?.findings ?? [];
  const broken = findings.filter(({ value }) => value === null || value < 1);
  const crashed = observation?.crash ?? null;
  const failure = tried?.record.failure;
  return {
    ...row,
    lost: [
      ...(failure ? [`${failure.class}: ${failure.message}`] : []),
      ...(crashed === null ? [] : [`ended by: ${crashed}`]),
      ...broken.toSorted((a, b) => lostPoints(b) - lostPoints(a)).map(findingText),
    ],
    reasons: [
      ...findings.filter((finding) => !broken.includes(finding)).map(findingText),
      ...layers.flatMap((layer) => missingText(layer, score?.missing[layer])),
      ...Object.entries(observation?.judgements ?? {}).map(
        ([of, { model, reason }]) => `${of}: judge ${model}: ${reason}`,
      ),
    ],
    files: [...new Set((observation?.turns ?? []).flatMap(({ changedFiles }) => changedFiles))],
    calls: callsText((observation?.calls ?? []).map(({ name }) => name)),
  };
}

type Found = NonNullable<RecordedAttempt["attempt"]>["observation"]["findings"][number];

function lostPoints({ points, value }: Found): number {
  return points === null ? 1 - (value ?? 0) : points.possible - points.earned;
}

function findingText({ type, value, points, detail, at }: Found): string {
  const worth =
    points !== null
      ? `${points.earned}/${points.possible}`
      : value === null
        ? "not decided"
        : `${Math.round(value * 100)} %`;
  return `${type} (${at}): ${worth}: ${detail}`;
}

function missingText(layer: string, why: string | undefined): readonly string[] {
  return why === undefined ? [] : [`${layer} is missing: ${why}`];
}

function callsText(names: readonly string[]): string {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, all]) => `${name} ${all.length}`);
  return counts.join(", ");
}
