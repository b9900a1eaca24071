import { meanOf, minimumSamples, percentile, percentileMethod } from "../statistics/distribution.ts";
import type { MonitorRow } from "./monitor-csv.ts";

/**
 * Summary of a monitor's CSV under the field names of earlier tools of this kind. null: no cell to compute it from, or
 * a counter went down. Percentiles describe the samples that were taken; those with too few samples to say anything
 * about the engine beyond them are named in `below_minimum_samples`.
 */
export interface MonitorAnalysis {
  readonly monitor_duration_seconds: number | null;
  readonly monitor_samples: number;
  /** Cells without a number, per column; they take no part in anything below. */
  readonly empty_cells: Readonly<Record<MeasuredColumn, number>>;
  /** Times a counter went down: the engine restarted. */
  readonly resets: number;
  readonly total_prompt_tokens: number | null;
  readonly total_generation_tokens: number | null;
  readonly total_requests: number | null;
  /** Totals over the time between the first and last sample that has them. */
  readonly avg_input_tok_per_sec: number | null;
  readonly avg_output_tok_per_sec: number | null;
  readonly peak_input_tok_per_sec: number | null;
  readonly peak_output_tok_per_sec: number | null;
  readonly p50_input_tok_per_sec: number | null;
  readonly p95_input_tok_per_sec: number | null;
  readonly p99_input_tok_per_sec: number | null;
  readonly avg_running_reqs: number | null;
  readonly max_running_reqs: number | null;
  readonly min_running_reqs: number | null;
  readonly p50_running_reqs: number | null;
  readonly p75_running_reqs: number | null;
  readonly p95_running_reqs: number | null;
  readonly p99_running_reqs: number | null;
  readonly avg_queue_reqs: number | null;
  readonly max_queue_reqs: number | null;
  readonly p50_queue_reqs: number | null;
  readonly p95_queue_reqs: number | null;
  readonly p99_queue_reqs: number | null;
  readonly total_cached_tokens: number | null;
  /** total_cached_tokens / total_prompt_tokens, 0..1. */
  readonly cache_hit_rate: number | null;
  readonly avg_kv_usage: number | null;
  readonly max_kv_usage: number | null;
  readonly p95_kv_usage: number | null;
  readonly below_minimum_samples: readonly string[];
  readonly percentile_method: string;
}

export type MeasuredColumn = Exclude<keyof MonitorRow, "timestamp" | "elapsed">;

/** Analyses the rows of one monitor run, in order of time. */
export function analyzeMonitor(rows: readonly MonitorRow[]): MonitorAnalysis {
  const input = cellsOf(rows, "input_tok_per_sec");
  const running = cellsOf(rows, "running_reqs");
  const queue = cellsOf(rows, "queue_reqs");
  const kv = cellsOf(rows, "kv_usage");
  const cached = growth(rows, "cached_tokens");
  const prompt = growth(rows, "prompt_tokens");
  const generation = growth(rows, "generation_tokens");
  const requests = growth(rows, "num_requests");
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    monitor_duration_seconds: first === undefined || last === undefined ? null : last.elapsed - first.elapsed,
    monitor_samples: rows.length,
    empty_cells: emptyCells(rows),
    resets: Math.max(prompt.resets, generation.resets, requests.resets),
    total_prompt_tokens: prompt.total,
    total_generation_tokens: generation.total,
    total_requests: requests.total,
    avg_input_tok_per_sec: prompt.perSecond,
    avg_output_tok_per_sec: generation.perSecond,
    peak_input_tok_per_sec: largest(input),
    peak_output_tok_per_sec: largest(cellsOf(rows, "output_tok_per_sec")),
    p50_input_tok_per_sec: percentile(input, 0.5),
    p95_input_tok_per_sec: percentile(input, 0.95),
    p99_input_tok_per_sec: percentile(input, 0.99),
    avg_running_reqs: mean(running),
    max_running_reqs: largest(running),
    min_running_reqs: running.length === 0 ? null : running.reduce((least, value) => Math.min(least, value)),
    p50_running_reqs: percentile(running, 0.5),
    p75_running_reqs: percentile(running, 0.75),
    p95_running_reqs: percentile(running, 0.95),
    p99_running_reqs: percentile(running, 0.99),
    avg_queue_reqs: mean(queue),
    max_queue_reqs: largest(queue),
    p50_queue_reqs: percentile(queue, 0.5),
    p95_queue_reqs: percentile(queue, 0.95),
    p99_queue_reqs: percentile(queue, 0.99),
    total_cached_tokens: cached.total,
    cache_hit_rate:
      cached.total === null || prompt.total === null || prompt.total === 0
        ? null
        : cached.total / prompt.total,
    avg_kv_usage: mean(kv),
    max_kv_usage: largest(kv),
    p95_kv_usage: percentile(kv, 0.95),
    below_minimum_samples: [
      ...unsupported("input_tok_per_sec", input, [50, 95, 99]),
      ...unsupported("running_reqs", running, [50, 75, 95, 99]),
      ...unsupported("queue_reqs", queue, [50, 95, 99]),
      ...unsupported("kv_usage", kv, [95]),
    ],
    percentile_method: percentileMethod,
  };
}

function cellsOf(rows: readonly MonitorRow[], column: MeasuredColumn): readonly number[] {
  return rows.map((row) => row[column]).filter((value) => value !== null);
}

function emptyCells(rows: readonly MonitorRow[]): MonitorAnalysis["empty_cells"] {
  const empty = (column: MeasuredColumn) => rows.length - cellsOf(rows, column).length;
  return {
    prompt_tokens: empty("prompt_tokens"),
    generation_tokens: empty("generation_tokens"),
    num_requests: empty("num_requests"),
    running_reqs: empty("running_reqs"),
    queue_reqs: empty("queue_reqs"),
    input_tok_per_sec: empty("input_tok_per_sec"),
    output_tok_per_sec: empty("output_tok_per_sec"),
    cached_tokens: empty("cached_tokens"),
    cache_hit_rate: empty("cache_hit_rate"),
    kv_usage: empty("kv_usage"),
  };
}

interface Growth {
  readonly total: number | null;
  readonly perSecond: number | null;
  readonly resets: number;
}

/** How far a counter rose from its first to its last cell; unknown when it went down on the way or has one cell only. */
function growth(rows: readonly MonitorRow[], column: MeasuredColumn): Growth {
  const points = rows.flatMap(({ elapsed, [column]: value }) => (value === null ? [] : [{ elapsed, value }]));
  const resets = points.filter(({ value }, index) => value < (points[index - 1]?.value ?? value)).length;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2 || resets > 0) {
    return { total: null, perSecond: null, resets };
  }
  const seconds = last.elapsed - first.elapsed;
  const total = last.value - first.value;
  return { total, perSecond: seconds > 0 ? total / seconds : null, resets };
}

function unsupported(
  column: string,
  values: readonly number[],
  percentiles: readonly number[],
): readonly string[] {
  return percentiles.filter((p) => values.length < minimumSamples(p / 100)).map((p) => `p${p}_${column}`);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
}
