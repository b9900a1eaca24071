import { z } from "zod";
import type { ServerFacts } from "../../evidence/server-facts.ts";
import type { StoredReplay } from "../../report/model/stored-replay.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { MetricPoint } from "../client/batches.ts";
import type { RunStatus } from "../client/mlflow-client.ts";
import { pointsOf, type MlflowEntry, type RunEntries } from "./entry.ts";
import { identityParams, identityTagsOf, taskSet } from "./run-identity.ts";
import { knownParams } from "./run-params.ts";
import { momentOf, type RunTimes } from "./run-times.ts";
import { loadKey, metricKey } from "./text-limits.ts";

export interface ReplayFacts {
  readonly report: StoredReplay;
  readonly identity: RunJson;
  readonly times: RunTimes;
  readonly agentServer: ServerFacts | undefined;
  readonly note: string;
  /** How its records say that it ended: `running`, `complete`, `interrupted` or `failed`. */
  readonly state: string;
}

/** A replay: the run with what each arm adds to a request, and each arm at each setting. Pure. */
export function replayEntries(facts: ReplayFacts): RunEntries {
  const { report, identity, times, state } = facts;
  const atMs = momentOf(times.whole);
  const status = statusOf(state);
  const common = { startedMs: times.whole.startedMs, endedMs: status === "RUNNING" ? null : atMs, status };
  return {
    runId: identity.runId,
    whole: {
      ...common,
      part: "run",
      name: identity.runId,
      params: {
        ...identityParams(facts),
        ...knownParams({ source_run: report.plan.source.runId, source_cell: report.plan.source.cellId }),
      },
      tags: {
        ...identityTagsOf(identity, { note: facts.note, simulated: report.simulated }),
        "tollgate.state": state,
        "tollgate.verdict": report.verdict,
      },
      metrics: report.comparisons.flatMap((comparison) => differences(comparison, atMs)),
      datasets: taskSet(identity),
    },
    parts: report.arms.map((row) => armEntry(row, { report, common, atMs })),
  };
}

function statusOf(state: string): RunStatus {
  if (state === "running") return "RUNNING";
  if (state === "interrupted") return "KILLED";
  return state === "failed" ? "FAILED" : "FINISHED";
}

function armEntry(
  row: StoredReplay["arms"][number],
  of: {
    readonly report: StoredReplay;
    readonly common: Pick<MlflowEntry, "startedMs" | "endedMs" | "status">;
    readonly atMs: number;
  },
): MlflowEntry {
  const { setting, arm, ...measured } = row;
  const part = `${setting.key}.${arm.label}`;
  return {
    ...of.common,
    part,
    name: part,
    params: knownParams({
      cell: part,
      arm: arm.label,
      arm_kind: arm.kind,
      load: setting.load,
      cache: setting.cache,
      simulated: of.report.simulated,
    }),
    tags: { "tollgate.verdict": of.report.verdict, "tollgate.simulated": String(of.report.simulated) },
    metrics: pointsOf(flattened(measured), { step: 0, atMs: of.atMs }),
    datasets: [],
  };
}

const distribution = z.record(z.string(), z.unknown());

/** `ttftMs: {p50}` as `ttft_ms_p50`. */
function flattened(values: object): Readonly<Record<string, unknown>> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number") flat[snakeCase(name)] = value;
    const inner = distribution.safeParse(value).data ?? {};
    for (const [end, one] of Object.entries(inner)) flat[`${snakeCase(name)}_${snakeCase(end)}`] = one;
  }
  return flat;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `difference/closed-4/gateway/ttft_ms`, milliseconds against the baseline, with the ends of its interval. */
function differences(
  { setting, arm, metrics }: StoredReplay["comparisons"][number],
  atMs: number,
): readonly MetricPoint[] {
  return Object.entries(metrics).flatMap(([name, { interval }]) => {
    if (interval === null) return [];
    const named = (end: string) =>
      metricKey("difference", loadKey(setting.key), arm.label, `${snakeCase(name)}_ms${end}`);
    return pointsOf(
      { [named("")]: interval.estimate, [named("_low")]: interval.low, [named("_high")]: interval.high },
      { step: 0, atMs },
    );
  });
}
