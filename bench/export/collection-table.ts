import { absent, numberText, percentText } from "../report/tables/number-text.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import { left, type Table } from "../report/tables/table.ts";
import type { Collection } from "./collection.ts";

export interface CollectionFacts {
  readonly collection: Collection;
  readonly report: ReportModel;
  /** GPUs that the run's servers hold; null where that is not known. */
  readonly gpus: number | null;
}

/** What a collection run gave, one fact a row. */
export function collectionTable({ collection, report, gpus }: CollectionFacts): Table {
  const [cell] = report.cells;
  const perHour = cell?.rates.trajectoriesPerHour.value ?? null;
  const { generatedTokens, processedTokens, withTokens, groups, kept, failures } = collection;
  const each = (tokens: number) => (withTokens === 0 ? absent : numberText(tokens / withTokens));
  const rows: readonly (readonly [string, string])[] = [
    ["trajectories", `${collection.trajectories} of ${collection.finished} finished episodes`],
    ["with token ids and logprobs", String(withTokens)],
    ...(kept === null ? [] : [["kept by --min-reward", String(kept)] as const]),
    ...(groups === null ? [] : [["complete groups", `${groups.complete} of ${groups.planned}`] as const]),
    [
      "trajectories/hour",
      perHour === null
        ? absent
        : `${numberText(perHour)} (one rate over ${cell?.rates.trajectoriesPerHour.count ?? 0} episodes)`,
    ],
    ["GPU-hours per 1,000", perHour === null || gpus === null ? absent : numberText((gpus * 1000) / perHour)],
    ["tokens per trajectory", `${each(processedTokens)} processed, ${each(generatedTokens)} generated`],
    ["trainable share", processedTokens === 0 ? absent : percentText(generatedTokens / processedTokens)],
    ["pass rate", passText(report)],
    ["pass^k", passHatText(report)],
    ["retried attempts", String(collection.retries)],
    [
      "failed episodes",
      failures.size === 0 ? "0" : [...failures].map(([name, count]) => `${count} ${name}`).join(", "),
    ],
  ];
  return { title: "Collection", columns: [left("what"), left("value")], rows, notes: notesOf(report, gpus) };
}

function passText({ cells }: ReportModel): string {
  const { passRate: rate, coverage } = cells[0] ?? {};
  if (rate === undefined || rate.value === null) return `${absent} (no episode was judged)`;
  return `${percentText(rate.value)}${intervalText(rate)} of ${rate.count} judged${coverage === undefined ? "" : ` (${coverage.text})`}`;
}

function intervalText({ low, high }: { readonly low: number | null; readonly high: number | null }): string {
  return low === null || high === null ? "" : ` [${percentText(low)}, ${percentText(high)}]`;
}

function passHatText({ cells }: ReportModel): string {
  // Powers of two: with 64 trials a row for each would say nothing more.
  const known = cells[0]?.passHatK.flatMap(({ k, value, tasks, ...interval }) =>
    value === null || !Number.isInteger(Math.log2(k))
      ? []
      : [`pass^${k} ${percentText(value)}${intervalText(interval)} of ${tasks} tasks`],
  );
  return known === undefined || known.length === 0 ? absent : known.join("\n");
}

function notesOf({ run, cells }: ReportModel, gpus: number | null): string[] {
  return [
    ...(cells[0]?.rates.trajectoriesPerHour.value === null
      ? ["trajectories/hour needs a segment that ran to its end; an interrupted one gives none"]
      : []),
    ...(gpus === null ? ["GPU-hours: the run does not say how many GPUs its servers hold"] : []),
    ...(run.simulated ? ["SIMULATED ENGINES: the pace is a simulator's, not a GPU's"] : []),
  ];
}
