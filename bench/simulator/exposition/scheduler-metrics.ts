import type { SchedulerView } from "../scheduling/scheduler.ts";
import type { ScheduledSequence } from "../scheduling/sequence.ts";
import { coarseQueueBounds, fineQueueBounds, stageBounds } from "./bounds.ts";
import { type Family, HistogramFamily, type SeriesLabels, ScalarFamily } from "./exposition.ts";
import type { MetricTraits } from "./metric-traits.ts";

/** Decode steps between two reports of the scheduler (SGLang's --decode-log-interval). */
const decodeLogInterval = 40;
/** After so long without a report an idle scheduler publishes its gauges again. */
const idleReportNs = 30e9;

/** The gauges as they were last published; a scrape does not ask the scheduler. */
interface Published {
  readonly atNs: number;
  readonly running: number;
  readonly queued: number;
  readonly usedTokens: number;
  readonly evictableTokens: number;
  readonly sequenceTokens: number;
  readonly throughput: number;
  readonly cacheHitRate: number;
}

const counter = (name: string, help: string) => new ScalarFamily("counter", `sglang:${name}`, help);

/**
 * What SGLang's scheduler process tells. Its gauges move with its reports: at every prefill step (what ran before it) and at
 * every 40th decode step, so they lag behind what happens.
 */
export class SchedulerMetrics {
  readonly #traits: MetricTraits;
  readonly #labels: SeriesLabels;
  readonly #startNs: number;
  readonly #queueTime: HistogramFamily;
  readonly #stages = new HistogramFamily(
    "sglang:per_stage_req_latency_seconds",
    "The latency of each stage of requests.",
    stageBounds,
  );
  readonly #realtime = counter(
    "realtime_tokens_total",
    "Total number of tokens processed (updated on each log interval). mode: prefill_compute, prefill_cache, decode.",
  );
  readonly #effective = counter(
    "prefill_effective_tokens_total",
    "Effective prefill tokens with retracted-request re-counts excluded, updated on each log interval. mode: device_hit, " +
      "host_hit, storage_hit, input. Windowed prefix cache hit rate = rate(sum of *_hit) / rate(sum of all modes); " +
      "per-tier rate uses a single *_hit mode in the numerator.",
  );
  readonly #passes = counter(
    "cuda_graph_passes_total",
    "Total number of forward passes categorized by CUDA graph.",
  );
  #published: Published;
  #decodeSteps = 0;
  #windowTokens = 0;
  #windowStartNs: number;
  #busyNs = 0;
  #prefillBusyNs = 0;
  #computedTokens = 0;
  readonly #moments = [0, 0, 0, 0, 0, 0];

  constructor(labels: SeriesLabels, traits: MetricTraits, nowNs: number) {
    this.#labels = labels;
    this.#traits = traits;
    this.#startNs = nowNs;
    this.#windowStartNs = nowNs;
    const bounds = traits.hasFineQueueBuckets ? fineQueueBounds : coarseQueueBounds;
    this.#queueTime = new HistogramFamily(
      "sglang:queue_time_seconds",
      "Histogram of queueing time in seconds.",
      bounds,
    );
    const nothing = { running: 0, queued: 0, usedTokens: 0, evictableTokens: 0, sequenceTokens: 0 };
    this.#published = { ...nothing, atNs: nowNs, throughput: 0, cacheHitRate: 0 };
  }

  get throughput(): number {
    return this.#published.throughput;
  }
  get cacheHitRate(): number {
    return this.#published.cacheHitRate;
  }
  /** Time in which steps ran. */
  get busyNs(): number {
    return this.#busyNs;
  }
  get idleNs(): (nowNs: number) => number {
    return (nowNs) => Math.max(0, nowNs - this.#startNs - this.#busyNs);
  }
  get prefillBusyNs(): number {
    return this.#prefillBusyNs;
  }
  get computedTokens(): number {
    return this.#computedTokens;
  }
  /** Sums over the decode steps: their number, requests, microseconds, requests squared, requests x microseconds, tokens. */
  get decodeMoments(): readonly number[] {
    return this.#moments;
  }

  queued({ sequence }: ScheduledSequence, nowNs: number): void {
    this.#queueTime.observe(this.#labels, (nowNs - sequence.arrivalNs) / 1e9);
    this.#stages.observe({ ...this.#labels, stage: "request_process" }, 0);
  }

  firstToken({ prefillStartNs }: ScheduledSequence, nowNs: number): void {
    const seconds = (nowNs - (prefillStartNs ?? nowNs)) / 1e9;
    this.#stages.observe({ ...this.#labels, stage: "prefill_forward" }, seconds);
  }

  prefillBegan(tokens: { readonly computed: number; readonly cached: number }, view: SchedulerView): void {
    const all = tokens.computed + tokens.cached;
    this.#publish(view, view.decodingCount, { cacheHitRate: all === 0 ? 0 : tokens.cached / all });
  }

  prefillEnded(durationNs: number): void {
    this.#busyNs += durationNs;
    this.#prefillBusyNs += durationNs;
    this.#passes.add({ ...this.#labels, mode: "prefill_none" }, 1);
  }

  prefilled(computedTokens: number, cachedTokens: number): void {
    this.#computedTokens += computedTokens;
    this.#realtime.add({ ...this.#labels, mode: "prefill_compute" }, computedTokens);
    if (cachedTokens > 0) this.#realtime.add({ ...this.#labels, mode: "prefill_cache" }, cachedTokens);
    this.#effective.add({ ...this.#labels, mode: "input" }, computedTokens);
    this.#effective.add({ ...this.#labels, mode: "device_hit" }, cachedTokens);
    for (const mode of ["host_hit", "storage_hit"]) this.#effective.add({ ...this.#labels, mode }, 0);
  }

  decoded(
    step: { readonly tokens: number; readonly requests: number; readonly durationNs: number },
    view: SchedulerView,
  ): void {
    const { tokens, requests, durationNs } = step;
    this.#busyNs += durationNs;
    this.#realtime.add({ ...this.#labels, mode: "decode" }, tokens);
    this.#passes.add({ ...this.#labels, mode: "decode_none" }, 1);
    const stepUs = Math.round(durationNs / 1e3);
    const sums = [1, requests, stepUs, requests ** 2, requests * stepUs, tokens];
    for (const [at, sum] of sums.entries()) this.#moments[at] = (this.#moments[at] ?? 0) + sum;
    this.#windowTokens += tokens;
    this.#decodeSteps++;
    if (this.#decodeSteps % decodeLogInterval !== 0) return;
    const seconds = Math.max((view.nowNs - this.#windowStartNs) / 1e9, 1e-9);
    const throughput = this.#windowTokens / seconds;
    this.#windowStartNs = view.nowNs;
    this.#windowTokens = 0;
    const hitRate = this.#traits.correctsIdleGauges ? {} : { cacheHitRate: 0 };
    this.#publish(view, requests, { throughput, ...hitRate });
  }

  /** Families as a scrape at this moment sees them. */
  families(view: SchedulerView): readonly Family[] {
    this.#reportIdle(view);
    const counters = this.#traits.tellsMemory ? [this.#effective] : [];
    return [
      this.#passes,
      this.#realtime,
      ...counters,
      this.#stages,
      this.#queueTime,
      ...this.#gauges(view.poolTokens),
    ];
  }

  #reportIdle(view: SchedulerView): void {
    if (view.runningCount + view.queuedCount > 0) return;
    const isWrong = this.#published.running > 0 && this.#traits.correctsIdleGauges;
    if (!isWrong && view.nowNs - this.#published.atNs <= idleReportNs) return;
    this.#publish(view, 0, { throughput: 0 });
  }

  #publish(
    view: SchedulerView,
    running: number,
    changed: Partial<Pick<Published, "throughput" | "cacheHitRate">>,
  ): void {
    const { throughput, cacheHitRate } = this.#published;
    this.#published = {
      atNs: view.nowNs,
      running,
      queued: view.queuedCount,
      usedTokens: view.usedTokens,
      evictableTokens: view.evictableTokens,
      sequenceTokens: view.sequenceTokens,
      throughput,
      cacheHitRate,
      ...changed,
    };
  }

  #gauges(poolTokens: number): Family[] {
    const { running, queued, usedTokens, evictableTokens, sequenceTokens, throughput, cacheHitRate } =
      this.#published;
    const usage = usedTokens / poolTokens;
    const available = poolTokens - usedTokens - evictableTokens;
    const memory = [
      ["kv_available_tokens", "Number of free token slots in the KV cache pool.", available],
      [
        "kv_evictable_tokens",
        "Number of evictable (radix-cached) token slots in the KV cache pool.",
        evictableTokens,
      ],
      ["kv_used_tokens", "Number of actively used token slots in the KV cache pool.", usedTokens],
    ] as const;
    const rows = [
      ["num_running_reqs", "The number of running requests.", running],
      ["num_queue_reqs", "The number of requests in the waiting queue.", queued],
      ["gen_throughput", "The generation throughput (token/s).", throughput],
      ["cache_hit_rate", "The prefix cache hit rate.", cacheHitRate],
      ["decode_sum_seq_lens", "The sum of all sequence lengths in decode.", sequenceTokens],
      ["token_usage", "The token usage.", Math.round(usage * 100) / 100],
      ["full_token_usage", "The token usage for full attention layers.", usage],
      ["num_used_tokens", "The number of used tokens.", usedTokens],
      ...(this.#traits.tellsMemory ? memory : []),
    ] as const;
    return rows.map(([name, help, value]) => {
      const family = new ScalarFamily("gauge", `sglang:${name}`, help);
      family.set(this.#labels, value);
      return family;
    });
  }
}
