import { oncePerRank, selectSeries, sumSeries } from "./aggregate.ts";
import type { Delta, HistogramDelta } from "./delta.ts";
import { estimateQuantile, mergeBuckets, type QuantileEstimate } from "./histogram.ts";
import { detectProfile } from "./detect-profile.ts";
import type { CounterConcept, EngineProfile, HistogramConcept } from "./profiles/profile.ts";

/** Estimates from bucket counts, in seconds; null where there are too few observations or no buckets. */
export interface LatencyQuantiles {
  readonly p50: QuantileEstimate | null;
  readonly p90: QuantileEstimate | null;
  readonly p95: QuantileEstimate | null;
  readonly p99: QuantileEstimate | null;
}

/**
 * What an engine says about an interval, under the field names that earlier tools of this kind use (hence snake_case).
 * null everywhere means "not known": the engine does not report it, or it restarted. Averages are exact (sum / count);
 * quantiles are estimates. An engine cannot see time spent in a gateway.
 */
export interface EngineDelta {
  readonly engine: string | null;
  /** A counter that is used here went down or vanished: the engine restarted within the interval. */
  readonly reset: boolean;
  readonly wall_clock_seconds: number;
  /** Including tokens served from the prefix cache, for every engine. */
  readonly prompt_tokens: number | null;
  readonly generation_tokens: number | null;
  readonly total_tokens: number | null;
  /** Requests that finished within the interval. */
  readonly num_requests: number | null;
  readonly input_throughput_tok_per_sec: number | null;
  readonly output_throughput_tok_per_sec: number | null;
  readonly total_throughput_tok_per_sec: number | null;
  readonly request_throughput_per_sec: number | null;
  readonly avg_prompt_tokens_per_req: number | null;
  readonly avg_gen_tokens_per_req: number | null;
  readonly avg_e2e_latency_seconds: number | null;
  readonly avg_ttft_seconds: number | null;
  readonly avg_inter_token_latency_seconds: number | null;
  readonly avg_queue_time_seconds: number | null;
  /** Sum of the end-to-end times of all finished requests. */
  readonly total_llm_time_seconds: number | null;
  readonly cached_tokens: number | null;
  /** cached_tokens / prompt_tokens, 0..1. */
  readonly cache_hit_rate: number | null;
  readonly aborted: number | null;
  readonly retractions: number | null;
  /** Which requests the TTFT numbers are over; engines that do not stream stamp the first token late. */
  readonly ttft_scope: "streaming" | "not-streaming" | "all" | null;
  readonly quantiles: Readonly<Record<HistogramConcept, LatencyQuantiles>>;
  readonly problems: readonly string[];
}

/**
 * Reduces a delta to one number per concept. `wallClockS` is the length of the measured interval in seconds; rates are
 * null unless it is positive and finite. The profile is found from the metric names when none is given.
 */
export function deriveEngineDelta(
  delta: Delta,
  wallClockS: number,
  profile: EngineProfile | null = detectProfile(namesOf(delta)),
): EngineDelta {
  const problems = [...delta.problems];
  if (profile === null) problems.push("no metrics of one known engine: nothing can be derived");
  const counted = profile === null ? nothingCounted : countersOf(delta, profile);
  const prompt =
    profile?.promptTotalIncludesCached === false
      ? plus(counted.promptTokens, counted.cachedTokens)
      : counted.promptTokens;
  const total = plus(prompt, counted.generationTokens);
  const latency = (concept: HistogramConcept) => latencyOf(delta, profile, concept);
  const endToEnd = latency("endToEnd");
  const firstToken = latency("timeToFirstToken");
  const interToken = latency("interTokenLatency");
  const queue = latency("queueTime");
  const requests = counted.requests ?? endToEnd.count;
  const seconds = Number.isFinite(wallClockS) && wallClockS > 0 ? wallClockS : null;
  return {
    engine: profile?.engine ?? null,
    reset: profile !== null && hasReset(delta, profile),
    wall_clock_seconds: wallClockS,
    prompt_tokens: prompt,
    generation_tokens: counted.generationTokens,
    total_tokens: total,
    num_requests: requests,
    input_throughput_tok_per_sec: ratio(prompt, seconds),
    output_throughput_tok_per_sec: ratio(counted.generationTokens, seconds),
    total_throughput_tok_per_sec: ratio(total, seconds),
    request_throughput_per_sec: ratio(requests, seconds),
    avg_prompt_tokens_per_req: ratio(prompt, requests),
    avg_gen_tokens_per_req: ratio(counted.generationTokens, requests),
    avg_e2e_latency_seconds: ratio(endToEnd.sum, endToEnd.count),
    avg_ttft_seconds: ratio(firstToken.sum, firstToken.count),
    avg_inter_token_latency_seconds: ratio(interToken.sum, interToken.count),
    avg_queue_time_seconds: ratio(queue.sum, queue.count),
    total_llm_time_seconds: endToEnd.sum,
    cached_tokens: counted.cachedTokens,
    cache_hit_rate: ratio(counted.cachedTokens, prompt),
    aborted: counted.aborted,
    retractions: counted.retractions,
    ttft_scope: firstToken.scope,
    quantiles: {
      timeToFirstToken: firstToken.quantiles,
      interTokenLatency: interToken.quantiles,
      endToEnd: endToEnd.quantiles,
      queueTime: queue.quantiles,
    },
    problems,
  };
}

type Counted = Readonly<Record<CounterConcept, number | null>>;
const nothingCounted: Counted = {
  promptTokens: null,
  cachedTokens: null,
  generationTokens: null,
  requests: null,
  aborted: null,
  retractions: null,
};

function countersOf(delta: Delta, profile: EngineProfile): Counted {
  const count = (concept: CounterConcept) => {
    const source = profile.counters[concept];
    return source === null ? null : sumSeries(delta.counters, source, profile.rankLabels);
  };
  return {
    promptTokens: count("promptTokens"),
    cachedTokens: count("cachedTokens"),
    generationTokens: count("generationTokens"),
    requests: count("requests"),
    aborted: count("aborted"),
    retractions: count("retractions"),
  };
}

interface Latency {
  readonly sum: number | null;
  readonly count: number | null;
  readonly scope: EngineDelta["ttft_scope"];
  readonly quantiles: LatencyQuantiles;
}

function latencyOf(delta: Delta, profile: EngineProfile | null, concept: HistogramConcept): Latency {
  const all = profile === null ? [] : histogramsOf(delta, profile, concept);
  const { series, scope } =
    concept === "timeToFirstToken" ? comparableFirstTokens(all) : { series: all, scope: null };
  const buckets = mergeBuckets(series.map((item) => item.buckets));
  const quantile = (q: number) => (buckets === null ? null : estimateQuantile(buckets, q));
  return {
    sum: total(series.map((item) => item.sum)),
    count: total(series.map((item) => item.count)),
    scope,
    quantiles: { p50: quantile(0.5), p90: quantile(0.9), p95: quantile(0.95), p99: quantile(0.99) },
  };
}

function histogramsOf(
  delta: Delta,
  profile: EngineProfile,
  concept: HistogramConcept,
): readonly HistogramDelta[] {
  const named = delta.histograms.map((item) => ({
    ...item,
    name: item.family,
    value: item.count ?? item.sum,
  }));
  return oncePerRank(selectSeries(named, { names: profile.histograms[concept] }), profile.rankLabels);
}

/** Where the engine tells streaming requests apart, only those, unless nothing streamed. */
function comparableFirstTokens(all: readonly HistogramDelta[]): {
  readonly series: readonly HistogramDelta[];
  readonly scope: EngineDelta["ttft_scope"];
} {
  if (all.length === 0) return { series: all, scope: null };
  if (!all.every(({ labels }) => labels.has("is_streaming"))) return { series: all, scope: "all" };
  const streaming = all.filter(({ labels }) => labels.get("is_streaming") === "true");
  const others = all.filter(({ labels }) => labels.get("is_streaming") !== "true");
  const nothingStreamed = streaming.every(({ count, reset }) => count === 0 && !reset);
  const othersRan = others.some(({ count }) => count !== null && count > 0);
  return nothingStreamed && othersRan
    ? { series: others, scope: "not-streaming" }
    : { series: streaming, scope: "streaming" };
}

function hasReset(delta: Delta, profile: EngineProfile): boolean {
  const counterNames = new Set(Object.values(profile.counters).flatMap((source) => source?.names ?? []));
  const families = new Set(Object.values(profile.histograms).flat());
  return (
    delta.counters.some(({ name, reset }) => reset && counterNames.has(name)) ||
    delta.histograms.some(({ family, reset }) => reset && families.has(family))
  );
}

function namesOf(delta: Delta): readonly { readonly name: string }[] {
  return [...delta.counters, ...delta.gauges, ...delta.histograms.map(({ family }) => ({ name: family }))];
}

function total(values: readonly (number | null)[]): number | null {
  return values.length === 0 ? null : values.reduce(plus, 0);
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function ratio(numerator: number | null, denominator: number | null): number | null {
  return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator;
}
