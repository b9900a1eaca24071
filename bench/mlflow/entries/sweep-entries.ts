import { verdicts } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { ServerFacts } from "../../evidence/server-facts.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { MetricPoint } from "../client/batches.ts";
import type { RunStatus } from "../client/mlflow-client.ts";
import { cellEntry, cellValues } from "./cell-entry.ts";
import { pointsOf, type MlflowEntry, type RunEntries } from "./entry.ts";
import type { NamedFigures } from "./own-names.ts";
import { identityParams, identityTagsOf, taskSet } from "./run-identity.ts";
import { knownParams } from "./run-params.ts";
import { momentOf, type RunTimes } from "./run-times.ts";
import { estimateMetrics, scoreMetrics } from "./score-metrics.ts";
import { cutTexts, loadKey, metricKey, tagCharactersMax } from "./text-limits.ts";

export interface SweepFacts {
  readonly report: ReportModel;
  readonly identity: RunJson;
  readonly times: RunTimes;
  readonly agentServer: ServerFacts | undefined;
  /** Description of the run's page. */
  readonly note: string;
  /** By the names of another program, of the cells that have them. */
  readonly figures?: readonly NamedFigures[];
}

/** A sweep, a collection or a search: the run with what can be compared over its cells, and each cell. Pure. */
export function sweepEntries(facts: SweepFacts): RunEntries {
  const { report, identity, times, figures = [] } = facts;
  const atMs = momentOf(times.whole);
  const status = runStatus(report);
  const judges = [...new Set(report.judges.map(({ model }) => model))];
  const whole: MlflowEntry = {
    part: "run",
    name: identity.runId,
    startedMs: times.whole.startedMs,
    endedMs: status === "RUNNING" ? null : atMs,
    status,
    params: identityParams({ ...facts, judge: judges.join(", ") }),
    tags: {
      ...identityTagsOf(identity, { note: facts.note, simulated: report.run.simulated }),
      "tollgate.state": report.run.state,
      ...verdictTag(report.cells),
    },
    metrics: [...pointsOf(totals(report), { step: 0, atMs }), ...series(facts), ...findings(report, atMs)],
    datasets: taskSet(identity),
  };
  const [only] = figures;
  return {
    runId: identity.runId,
    // A run of one cell is what the other program would have logged.
    whole: report.cells.length === 1 && only !== undefined ? withFigures(whole, only, atMs) : whole,
    parts: report.cells.map((cell) => {
      const own = figures.find(({ cellId }) => cellId === cell.cellId);
      const entry = cellEntry(cell, { report, times: times.cells.get(cell.cellId) ?? null });
      return own === undefined
        ? entry
        : withFigures(entry, own, momentOf(times.cells.get(cell.cellId) ?? times.whole));
    }),
  };
}

/** What Tollgate says by the same name stays. */
function withFigures(entry: MlflowEntry, { metrics, params, tags }: NamedFigures, atMs: number): MlflowEntry {
  const taken = new Set(entry.metrics.map(({ key }) => key));
  const named = metrics.map(({ key, ...point }) => ({ ...point, key: metricKey(...key.split("/")), atMs }));
  return {
    ...entry,
    metrics: [...entry.metrics, ...named.filter(({ key }) => !taken.has(key))],
    params: { ...knownParams(params), ...entry.params },
    tags: { ...cutTexts(tags, tagCharactersMax), ...entry.tags },
  };
}

/** A run whose cells cannot be used because too much failed has failed, whatever its driver thought. */
function runStatus({ run, cells }: ReportModel): RunStatus {
  if (run.state === "running") return "RUNNING";
  if (run.state === "interrupted") return "KILLED";
  return run.state === "failed" || cells.some(({ verdict }) => verdict === "failing") ? "FAILED" : "FINISHED";
}

function verdictTag(cells: readonly CellSummary[]): Readonly<Record<string, string>> {
  const worst = verdicts.find((verdict) => cells.some((cell) => cell.verdict === verdict));
  return worst === undefined ? {} : { "tollgate.verdict": worst };
}

function totals({ totals: { planned, finished, wastedAttempts, wastedTokens }, cells }: ReportModel) {
  return {
    cells: cells.length,
    episodes_planned: planned,
    episodes_finished: finished,
    episodes_failed: cells.reduce((sum, { episodes }) => sum + (episodes.byStatus["failed"] ?? 0), 0),
    wasted_attempts: wastedAttempts,
    wasted_tokens: wastedTokens,
  };
}

/** What is worth a curve over repetitions, by its name in `cells.csv`. */
const compared = [
  "pass_rate",
  "mean_reward",
  "ttft_ms_p50",
  "ttft_ms_p95",
  "itl_ms_p50",
  "e2e_ms_p50",
  "e2e_ms_p95",
  "episode_seconds_p50",
  "episodes_per_minute",
  "requests_per_second",
  "input_tokens_per_second",
  "output_tokens_per_second",
  "engine_cache_hit_rate",
] as const;

/** `raw/closed-4/ttft_ms_p50` with a step per repetition. */
function series({ report, times }: SweepFacts): readonly MetricPoint[] {
  return report.cells.flatMap((cell) => {
    const values = cellValues(cell);
    const place = placeKey(cell.arm, cell);
    const scores = Object.entries(scoreMetrics(report, cell.cellId)).filter(([key]) =>
      key.startsWith("score/"),
    );
    const named = {
      ...Object.fromEntries(compared.map((name) => [metricKey(...place, name), values[name]])),
      ...Object.fromEntries(
        scores.map(([key, value]) => [metricKey(...place, "score", key.slice("score/".length)), value]),
      ),
    };
    const known = times.cells.get(cell.cellId) ?? times.whole;
    return pointsOf(named, { step: cell.repetition, atMs: momentOf(known) });
  });
}

function placeKey(
  arm: string,
  { load, variant }: { readonly load: string; readonly variant?: string | undefined },
): readonly string[] {
  return [arm, loadKey(load), ...(variant === undefined ? [] : [variant])];
}

/** What arms add to a request, and what a search found. */
function findings({ overheads, capacity }: ReportModel, atMs: number): readonly MetricPoint[] {
  const added = overheads.flatMap(({ refused, arm, pathMs, ...place }) => {
    if (refused !== null) return [];
    const key = ["overhead", ...placeKey(arm, place)];
    const { firstToken, whole } = pathMs;
    return [
      estimateMetrics([...key, "first_token_ms"], firstToken.difference),
      estimateMetrics([...key, "whole_ms"], whole.difference),
    ];
  });
  const agents = (capacity?.arms ?? []).map(({ arm, low, high }) => ({
    [metricKey("capacity", arm, "agents_low")]: low,
    [metricKey("capacity", arm, "agents_high")]: high,
  }));
  return [...added, ...agents].flatMap((values) => pointsOf(values, { step: 0, atMs }));
}
