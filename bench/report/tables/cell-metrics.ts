import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Beside } from "../../analysis/cell/engine-latencies.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { Latency } from "../../analysis/estimates/latency.ts";
import { isFailing } from "../../analysis/cell/failures.ts";
import { latencyDefinitions } from "../../evidence/request-latencies.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { left, right, type ColumnOf, type TableOf } from "./table.ts";

/** A value in a CSV file; null is an empty field. */
export type Value = string | number | boolean | null;

/** What a word in the tables means; printed with every report, and the meaning of the metrics that use it. */
export const cellTerms = {
  TTFT: latencyDefinitions.ttft,
  ITL: latencyDefinitions.itl,
  E2E: latencyDefinitions.e2e,
  "input, output tok/s": "difference of the engine's own counters over the wall clock of the used segments",
  "in flight":
    "mean over the used segments: episodes from their records, requests by Little's law at the outer tap",
  queue: "mean queue time per request, from the engine's histogram (sum / count)",
  cache: "cached prompt tokens / prompt tokens, from the engine's counters",
  rate: "passed / judged; failed and unjudged episodes are left out and counted. Interval: Wilson's over episodes; with several trials a task the wider of it and a t bootstrap over tasks",
  "pass^k":
    "tau2's chance that k trials of a task all pass, mean over tasks with k judged trials; interval: Wilson's with tasks as trials",
  tokens:
    "exact: usage at the outer tap = usage at the inner tap = the engine's counters, for prompt and completion tokens",
} as const;

type Cell = CellSummary;

/** A number of a cell, declared once: its columns in `cells.csv` (names end in the unit), its meaning, its column in tables. */
export interface CellMetric {
  readonly name: string;
  readonly meaning: string;
  /** Ends of the names where there are several columns. */
  readonly suffixes: readonly string[];
  /** By name of the column; null is an empty field. */
  readonly values: (cell: Cell) => Readonly<Record<string, Value>>;
  /** null where no table shows it. */
  readonly column: ColumnOf<Cell> | null;
}

interface Shown<Of> {
  readonly meaning: string;
  readonly head?: string;
  readonly text?: (value: Of) => string;
}

function metric<Of extends Value>(
  name: string,
  of: (cell: Cell) => Of,
  about: string | Shown<Of>,
): CellMetric {
  const {
    meaning,
    head,
    text = shownText,
  }: Shown<Of> = typeof about === "string" ? { meaning: about } : about;
  const column = (side: typeof left | typeof right) =>
    side(head ?? name, (cell: Cell) => text(of(cell)), meaning);
  return {
    name,
    meaning,
    suffixes: [],
    values: (cell) => ({ [name]: of(cell) }),
    column: head === undefined ? null : column(text === String ? left : right),
  };
}

function shownText(value: Value): string {
  return typeof value === "number" || value === null ? numberText(value) : String(value);
}

function estimated(name: string, of: (cell: Cell) => Estimate, { meaning, head }: Shown<never>): CellMetric {
  const shown = (cell: Cell) => estimateText(of(cell), percentText);
  const values = (cell: Cell) => {
    const { value, low, high } = of(cell);
    return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
  };
  const column = head === undefined ? null : right(head, shown, meaning);
  return { name, meaning, suffixes: ["", "_low", "_high"], values, column };
}

function distributed(name: string, of: (cell: Cell) => Latency, { meaning, head }: Shown<never>): CellMetric {
  const values = (cell: Cell) => {
    const { count, mean, p50, p95, p99, max } = of(cell);
    const columns = {
      count,
      mean: mean.value,
      p50: p50.value,
      p50_low: p50.low,
      p50_high: p50.high,
      p95: p95.value,
      p95_low: p95.low,
      p95_high: p95.high,
      p99: p99.value,
      max,
    };
    return Object.fromEntries(Object.entries(columns).map(([end, value]) => [`${name}_${end}`, value]));
  };
  const shown = (cell: Cell) => estimateText(of(cell).p50);
  const column = head === undefined ? null : right(head, shown, `median; ${meaning}`);
  const ends = ["count", "mean", "p50", "p50_low", "p50_high", "p95", "p95_low", "p95_high", "p99", "max"];
  return { name, meaning, suffixes: ends.map((end) => `_${end}`), values, column };
}

/** Who is left over in a failing cell is no sample of its tasks: counts, and no rate. */
function passRateText({ passRate, episodes, ...cell }: Cell): string {
  return isFailing(cell)
    ? `${episodes.passed} of ${episodes.judged} judged\n${episodes.byStatus["failed"] ?? 0} failed`
    : estimateText(passRate, percentText);
}

const inMs = (seconds: number | null) => numberText(seconds === null ? null : seconds * 1000);
const whole = (value: number) => value.toFixed(0);
const tokensPerSecond = cellTerms["input, output tok/s"];
const inFlight = cellTerms["in flight"];
const overTime = "over the wall clock of the used segments";
const usage = "sum of `usage` in the answers at the outer tap; empty where one has none";
const counter = "the engine's own counter";
const histogram = "mean over requests, from the engine's histogram (sum / count)";
const wasted = "what the attempts without a record cost";

const coverageMeaning =
  "tasks with a score of all that the workload's data has; partial: pass rates and scores are of a part. Absent where the workload does not say what the whole is";

/** Every number of a cell, in the order of `cells.csv`. */
export const cellMetrics: readonly CellMetric[] = [
  metric("cell", (cell) => cell.cellId, { meaning: "arm, load and repetition", head: "cell", text: String }),
  metric("arm", (cell) => cell.arm, "the way to the agent's engine, as the experiment names it"),
  metric("load", (cell) => cell.load, "`closed:N`: N episodes at a time; `open:R`: R begin per second"),
  metric("concurrency", (cell) => cell.concurrency, "N of a closed load"),
  metric("repetition", (cell) => cell.repetition, "which one of the cells of this arm at this load"),
  metric("simulated", (cell) => cell.simulated, "true: the agent's engine was a simulator"),
  metric("verdict", (cell) => cell.verdict, {
    head: "verdict",
    text: String,
    meaning: "the worst that applies",
  }),
  metric(
    "reasons",
    ({ reasons }) => reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`).join("; "),
    "everything that speaks against the cell, worst first",
  ),
  metric("episodes_planned", ({ episodes }) => episodes.planned, "tasks x trials"),
  metric("episodes_finished", ({ episodes }) => episodes.finished, "episodes with a record"),
  metric("episodes_passed", ({ episodes }) => episodes.passed, {
    head: "pass",
    text: whole,
    meaning: "reward 1, or passed as the workload says of a graded reward",
  }),
  metric("episodes_judged", ({ episodes }) => episodes.judged, "episodes with a reward"),
  metric("episodes_unjudged", ({ episodes }) => episodes.unjudged, {
    head: "un-\njudged",
    text: whole,
    meaning: "not failed, and no reward: nothing here may judge its assertions",
  }),
  metric("episodes_failed", ({ episodes }) => episodes.byStatus["failed"] ?? 0, {
    head: "error",
    text: whole,
    meaning: "a part failed: no reward, no trajectory",
  }),
  metric(
    "failures",
    ({ episodes }) => episodes.failures?.map((group) => `${group.count} ${group.class}`).join(", ") ?? null,
    "failed episodes by class of the failed part, most first",
  ),
  metric(
    "first_failure",
    ({ episodes }) => episodes.failures?.[0]?.message ?? null,
    "what the first episode of the most frequent class said; `first_failure_episode` is its id",
  ),
  metric(
    "first_failure_episode",
    ({ episodes }) => episodes.failures?.[0]?.episodeId ?? null,
    "for `tollgate inspect RUN EPISODE`",
  ),
  metric("episodes_timed_out", ({ episodes }) => episodes.byStatus["timed-out"] ?? 0, {
    head: "timed\nout",
    text: whole,
    meaning: "stopped at its deadline",
  }),
  {
    ...estimated("pass_rate", (cell) => cell.passRate, { meaning: cellTerms.rate }),
    column: right("rate", passRateText, cellTerms.rate),
  },
  estimated("mean_reward", (cell) => cell.meanReward, {
    meaning: "mean over judged episodes; empty in a failing cell",
  }),
  {
    name: "pass_hat",
    meaning: cellTerms["pass^k"],
    suffixes: ["_1", "_2", "_…"],
    column: null,
    values: ({ passHatK }) => Object.fromEntries(passHatK.map(({ k, value }) => [`pass_hat_${k}`, value])),
  },
  {
    name: "coverage",
    meaning: coverageMeaning,
    suffixes: ["", "_scored", "_total"],
    column: left("coverage", ({ coverage }) => coverage?.text ?? absent, coverageMeaning),
    values: ({ coverage }): Readonly<Record<string, Value>> => {
      if (coverage === undefined) return {};
      const { text, scored, total } = coverage;
      return { coverage: text, coverage_scored: scored, coverage_total: total };
    },
  },
  metric("seconds", (cell) => cell.seconds, "wall clock of the used segments"),
  metric("episodes_in_flight", (cell) => cell.inFlight.episodes, {
    head: "in flight\nepisodes",
    meaning: inFlight,
  }),
  metric("requests_in_flight", (cell) => cell.inFlight.requests, {
    head: "in flight\nrequests",
    meaning: inFlight,
  }),
  metric("episodes_per_minute", ({ rates }) => rates.episodesPerMinute.value, {
    head: "ep\n/min",
    meaning: `episodes that did not fail, ${overTime}`,
  }),
  metric("trajectories_per_hour", ({ rates }) => rates.trajectoriesPerHour.value, {
    head: "trajectories/hour",
    meaning: `episodes that did not fail, ${overTime}`,
  }),
  metric("requests_per_second", ({ rates }) => rates.requestsPerSecond.value, {
    head: "req\n/s",
    meaning: `answered model requests ${overTime}`,
  }),
  metric("input_tokens_per_second", ({ rates }) => rates.inputTokensPerSecond.value, {
    head: "input\ntok/s",
    meaning: tokensPerSecond,
  }),
  metric("output_tokens_per_second", ({ rates }) => rates.outputTokensPerSecond.value, {
    head: "output\ntok/s",
    meaning: tokensPerSecond,
  }),
  metric("requests", ({ outer }) => outer.requests, "model requests at the outer tap"),
  metric(
    "requests_answered",
    ({ outer }) => outer.answered,
    "those with status 200 and a whole, complete answer",
  ),
  metric(
    "tokens_per_chunk",
    ({ outer }) => outer.tokensPerChunk ?? null,
    "completion tokens of streamed answers over the chunks that brought them; far above 1, ITL says little",
  ),
  metric("prompt_tokens", ({ outer }) => outer.promptTokens, usage),
  metric("completion_tokens", ({ outer }) => outer.completionTokens, usage),
  metric("cached_tokens", ({ outer }) => outer.cachedTokens, usage),
  metric("token_check", (cell) => cell.tokenCheck.status, {
    head: "tokens",
    text: String,
    meaning: cellTerms.tokens,
  }),
  distributed("ttft_ms", (cell) => cell.ttftMs, { meaning: cellTerms.TTFT }),
  distributed("itl_ms", (cell) => cell.itlMs, { meaning: cellTerms.ITL }),
  distributed("e2e_ms", (cell) => cell.e2eMs, { meaning: cellTerms.E2E }),
  distributed("episode_seconds", (cell) => cell.episodeSeconds, {
    head: "s/episode\np50",
    meaning: "length of an episode that did not fail",
  }),
  metric("engine", (cell) => cell.agentEngine?.engine ?? null, "whose metrics page it is"),
  metric("engine_prompt_tokens", (cell) => cell.agentEngine?.promptTokens ?? null, counter),
  metric("engine_completion_tokens", (cell) => cell.agentEngine?.completionTokens ?? null, counter),
  metric("engine_queue_seconds_mean", (cell) => cell.agentEngine?.queueSecondsMean ?? null, {
    head: "queue\nms",
    text: inMs,
    meaning: cellTerms.queue,
  }),
  metric("engine_ttft_seconds_mean", (cell) => cell.agentEngine?.ttftSecondsMean ?? null, histogram),
  metric("engine_e2e_seconds_mean", (cell) => cell.agentEngine?.e2eSecondsMean ?? null, histogram),
  ...(["ttft", "itl", "e2e"] as const).flatMap((name) => [
    metric(`beside_${name}_engine_ms`, (cell) => besideIn(cell, name)?.engine.ms ?? null, histogram),
    metric(
      `beside_${name}_tap_ms`,
      (cell) => besideIn(cell, name)?.tap.ms ?? null,
      "the same at the tap in front of the engine",
    ),
    metric(
      `beside_${name}_why`,
      (cell) => besideIn(cell, name)?.causes.join("; ") ?? null,
      "why the two differ by more than 5 %",
    ),
  ]),
  metric("engine_cache_hit_rate", (cell) => cell.agentEngine?.cacheHitRate ?? null, {
    head: "cache",
    text: percentText,
    meaning: cellTerms.cache,
  }),
  metric("wasted_attempts", ({ waste }) => waste.attempts, "attempts without a record: killed or cancelled"),
  metric("wasted_prompt_tokens", ({ waste }) => waste.promptTokens, wasted),
  metric("wasted_completion_tokens", ({ waste }) => waste.completionTokens, wasted),
];

function besideIn({ engineLatencies = [] }: Cell, name: Beside["metric"]): Beside | undefined {
  return engineLatencies.find(({ metric }) => metric === name);
}

/** The columns of these metrics, for a table. Throws RangeError for a metric that no table shows. */
export function cellColumns(...names: readonly string[]): readonly ColumnOf<Cell>[] {
  return names.map((name) => {
    const column = cellMetrics.find((metric) => metric.name === name)?.column ?? null;
    if (column === null) throw new RangeError(`no cell metric with a column is called ${name}`);
    return column;
  });
}

/** Load and speed of each cell: which metrics its table shows, in its order. */
export const speed: TableOf<Cell> = {
  title: "Speed",
  columns: cellColumns(
    "cell",
    "episodes_in_flight",
    "requests_in_flight",
    "episodes_per_minute",
    "requests_per_second",
    "input_tokens_per_second",
    "output_tokens_per_second",
    "engine_queue_seconds_mean",
    "engine_cache_hit_rate",
    "token_check",
    "verdict",
  ),
};
