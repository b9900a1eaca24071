import type { Scheduler, SchedulerObserver } from "../scheduling/scheduler.ts";
import type { FinishReason, ScheduledSequence } from "../scheduling/sequence.ts";
import { HistogramFamily, type SeriesLabels, ScalarFamily, writeExposition } from "./exposition.ts";

const latencyBounds = [0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400];
const endToEndBounds = [...latencyBounds, 600, 1200, 1800, 2400];
const interTokenBounds = [
  0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.06, 0.08, 0.1, 0.2, 0.4, 0.6,
  0.8, 1, 2, 4, 6, 8,
];
const queueBounds = [
  0, 0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200,
  300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000, 2500, 3000,
];

/** SGLang reports tokens of a request that is not streamed in batches of this size, except for the first. */
const unstreamedBatch = 50;
/** Decode steps between two values of the throughput gauge (SGLang's --decode-log-interval). */
const decodeLogInterval = 40;
const idleResetNs = 30e9;

const counter = (name: string, help: string) => new ScalarFamily("counter", `sglang:${name}`, help);
const gauge = (name: string, help: string) => new ScalarFamily("gauge", `sglang:${name}`, help);
const histogram = (name: string, help: string, bounds: readonly number[]) =>
  new HistogramFamily(`sglang:${name}`, help, bounds);

export interface EngineMetricsOptions {
  readonly modelName: string;
  readonly contextLength: number;
  readonly pid: number;
}

/**
 * SGLang's metrics: token counters move when a request ends, gauges are read from the scheduler at the time of the
 * scrape. A request that is aborted after it was scheduled counts with the tokens it got, one aborted in the queue counts
 * only as aborted; so does SGLang's tokenizer manager.
 */
export class EngineMetrics implements SchedulerObserver {
  /** Labels of what the HTTP process counts, and of what the scheduler process counts. */
  readonly #server: SeriesLabels;
  readonly #rank: SeriesLabels;
  readonly #options: EngineMetricsOptions;
  readonly #clockNs: () => number;
  readonly #unreported = new WeakMap<ScheduledSequence, { sinceNs: number; tokens: number }>();
  #throughput = 0;
  #windowTokens = 0;
  #windowSteps = 0;
  #windowStartNs = 0;
  #lastDecodeNs = 0;

  readonly #firstToken = histogram(
    "time_to_first_token_seconds",
    "Histogram of time to first token in seconds.",
    latencyBounds,
  );
  readonly #endToEnd = histogram(
    "e2e_request_latency_seconds",
    "Histogram of End-to-end request latency in seconds",
    endToEndBounds,
  );
  readonly #interToken = histogram(
    "inter_token_latency_seconds",
    "Histogram of inter-token latency in seconds.",
    interTokenBounds,
  );
  readonly #realtime = counter(
    "realtime_tokens_total",
    "Total number of tokens processed (updated on each log interval). mode: prefill_compute, prefill_cache, decode.",
  );
  readonly #queueTime = histogram(
    "queue_time_seconds",
    "Histogram of queueing time in seconds.",
    queueBounds,
  );
  readonly #promptTokens = counter("prompt_tokens_total", "Number of prefill tokens processed.");
  readonly #generationTokens = counter("generation_tokens_total", "Number of generation tokens processed.");
  readonly #requests = counter("num_requests_total", "Number of requests processed.");
  readonly #cachedTokens = counter(
    "cached_tokens_total",
    "Number of cached prompt tokens by source (device/host/storage).",
  );
  readonly #aborted = counter("num_aborted_requests_total", "Number of requests aborted.");

  constructor(options: EngineMetricsOptions, clockNs: () => number) {
    this.#options = options;
    this.#clockNs = clockNs;
    this.#server = { engine_type: "unified", model_name: options.modelName };
    this.#rank = { ...this.#server, moe_ep_rank: "0", pp_rank: "0", tp_rank: "0" };
  }

  get throughputTokensPerSecond(): number {
    return this.#clockNs() - this.#lastDecodeNs > idleResetNs ? 0 : this.#throughput;
  }

  queued({ sequence }: ScheduledSequence, nowNs: number): void {
    this.#queueTime.observe(this.#rank, (nowNs - sequence.arrivalNs) / 1e9);
  }

  prefilled(computedTokens: number, cachedTokens: number): void {
    this.#realtime.add({ ...this.#rank, mode: "prefill_compute" }, computedTokens);
    if (cachedTokens > 0) this.#realtime.add({ ...this.#rank, mode: "prefill_cache" }, cachedTokens);
  }

  token(scheduled: ScheduledSequence, nowNs: number): void {
    const { sequence, produced } = scheduled;
    if (!sequence.counted) return;
    if (produced === 1) {
      const labels = { ...this.#server, is_streaming: String(sequence.streamed) };
      this.#firstToken.observe(labels, (nowNs - sequence.arrivalNs) / 1e9);
      this.#unreported.set(scheduled, { sinceNs: nowNs, tokens: 0 });
      return;
    }
    const batch = this.#unreported.get(scheduled);
    if (batch === undefined) return;
    batch.tokens++;
    const isLast = produced === sequence.outputIds.length;
    if (!sequence.streamed && !isLast && batch.tokens < unstreamedBatch) return;
    this.#interToken.observe(this.#server, (nowNs - batch.sinceNs) / 1e9, batch.tokens);
    batch.sinceNs = nowNs;
    batch.tokens = 0;
  }

  decoded(tokens: number, nowNs: number): void {
    this.#realtime.add({ ...this.#rank, mode: "decode" }, tokens);
    if (this.#windowStartNs === 0 || nowNs - this.#lastDecodeNs > 1e9) {
      this.#windowStartNs = nowNs;
      this.#windowTokens = 0;
      this.#windowSteps = 0;
    }
    this.#lastDecodeNs = nowNs;
    this.#windowTokens += tokens;
    this.#windowSteps++;
    if (this.#windowSteps < decodeLogInterval || nowNs === this.#windowStartNs) return;
    this.#throughput = this.#windowTokens / ((nowNs - this.#windowStartNs) / 1e9);
    this.#windowStartNs = nowNs;
    this.#windowTokens = 0;
    this.#windowSteps = 0;
  }

  finished(scheduled: ScheduledSequence, finish: FinishReason, nowNs: number): void {
    if (!scheduled.sequence.counted) return;
    if (finish.type === "abort") this.#aborted.add(this.#server, 1);
    if (scheduled.prefillStartNs === null) return;
    const { sequence, produced, cachedTokens } = scheduled;
    const labels = { ...this.#server, is_streaming: String(sequence.streamed) };
    this.#promptTokens.add(labels, sequence.promptIds.length);
    this.#generationTokens.add(labels, produced);
    this.#requests.add(labels, 1);
    if (cachedTokens > 0) this.#cachedTokens.add({ ...this.#server, cache_source: "device" }, cachedTokens);
    this.#endToEnd.observe(labels, (nowNs - sequence.arrivalNs) / 1e9);
  }

  /** The exposition page. */
  page(scheduler: Scheduler): string {
    return writeExposition([
      this.#firstToken,
      this.#endToEnd,
      this.#interToken,
      this.#realtime,
      this.#queueTime,
      this.#promptTokens,
      this.#generationTokens,
      this.#requests,
      this.#cachedTokens,
      this.#aborted,
      ...this.#gauges(scheduler),
    ]);
  }

  #gauges(scheduler: Scheduler): ScalarFamily[] {
    const usage = Math.round((scheduler.usedTokens / scheduler.poolTokens) * 100) / 100;
    const withPid = { ...this.#rank, pid: String(this.#options.pid) };
    const rows: readonly (readonly [name: string, help: string, value: number, labels?: SeriesLabels])[] = [
      ["num_running_reqs", "The number of running requests.", scheduler.runningCount],
      ["num_queue_reqs", "The number of requests in the waiting queue.", scheduler.queuedCount],
      ["gen_throughput", "The generation throughput (token/s).", this.throughputTokensPerSecond],
      // Overwritten with 0 by every decode report of the original.
      ["cache_hit_rate", "The prefix cache hit rate.", 0],
      ["token_usage", "The token usage.", usage],
      ["full_token_usage", "The token usage for full attention layers.", usage],
      ["num_used_tokens", "The number of used tokens.", scheduler.usedTokens],
      ["max_total_num_tokens", "Maximum total number of tokens in the KV cache pool.", scheduler.poolTokens],
      ["context_len", "Maximum context length.", this.#options.contextLength],
      ["utilization", "The utilization.", 0],
      ["fwd_occupancy", "Forward pass GPU occupancy percentage.", Number.NaN],
      ["num_retracted_reqs", "The number of retracted requests.", 0, withPid],
      ["num_paused_reqs", "The number of paused requests by async weight sync.", 0, withPid],
    ];
    return rows.map(([name, help, value, labels = this.#rank]) => {
      const family = gauge(name, help);
      family.set(labels, value);
      return family;
    });
  }
}
