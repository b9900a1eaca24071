import { oncePerRank, selectSeries } from "./aggregate.ts";
import type { Delta } from "./delta.ts";
import { type Count, countsOf, notCounted, plus, wholePrompt } from "./engine-counts.ts";
import { unknownPageText } from "./found-names.ts";
import type { HistogramDelta } from "./histogram-delta.ts";
import { estimateQuantile, mergeBuckets, type QuantileEstimate } from "./histogram.ts";
import { detectProfile } from "./detect-profile.ts";
import type { EngineProfile, HistogramConcept } from "./profiles/profile.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

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
  /** Fields that are known only to so much, because the page prints few digits; every other number is exact. */
  readonly resolution: Readonly<Partial<Record<RoundedField, PrintedResolution>>>;
  /** Why a count is null, by the name of the counter that is missing or cannot be used. */
  readonly unknown: Readonly<Partial<Record<CountedField, string>>>;
  readonly problems: readonly string[];
}

const countedFields = [
  "prompt_tokens",
  "generation_tokens",
  "num_requests",
  "cached_tokens",
  "aborted",
  "retractions",
] as const;
export type CountedField = (typeof countedFields)[number];
type MeanField =
  | "avg_e2e_latency_seconds"
  | "avg_ttft_seconds"
  | "avg_inter_token_latency_seconds"
  | "avg_queue_time_seconds";
type RoundedField = CountedField | MeanField | "total_tokens" | "total_llm_time_seconds";

/** The true number lies within `plus_minus` of the one that is given. */
export interface PrintedResolution {
  readonly plus_minus: number;
  readonly digits: number;
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
  const page = namesOf(delta).map(({ name }) => name);
  const problems = [...delta.problems];
  if (profile === null) problems.push(`${unknownPageText(page)}: nothing can be derived`);
  const reset = profile !== null && hasReset(delta, profile);
  const counted = profile === null ? null : countsOf(delta.counters, profile, page);
  // A part of what another process counted looks like a number and is none.
  const usable = (count: Count | undefined): Count =>
    count === undefined ? notCounted : reset ? { ...notCounted, why: count.why ?? restartedWhy } : count;
  const prompt = usable(counted && profile ? wholePrompt(counted, profile) : undefined);
  const generated = usable(counted?.generationTokens);
  const total = plus(prompt, generated);
  const latency = (concept: HistogramConcept) => latencyOf(reset ? [] : delta.histograms, profile, concept);
  const [endToEnd, firstToken] = [latency("endToEnd"), latency("timeToFirstToken")];
  const [interToken, queue] = [latency("interTokenLatency"), latency("queueTime")];
  const counts: Readonly<Record<CountedField, Count>> = {
    prompt_tokens: prompt,
    generation_tokens: generated,
    num_requests: requestsOf(usable(counted?.requests), endToEnd),
    cached_tokens: usable(counted?.cachedTokens),
    aborted: usable(counted?.aborted),
    retractions: usable(counted?.retractions),
  };
  const requests = counts.num_requests.value;
  const seconds = Number.isFinite(wallClockS) && wallClockS > 0 ? wallClockS : null;
  return {
    engine: profile?.engine ?? null,
    reset,
    wall_clock_seconds: wallClockS,
    prompt_tokens: prompt.value,
    generation_tokens: generated.value,
    total_tokens: total.value,
    num_requests: requests,
    input_throughput_tok_per_sec: ratio(prompt.value, seconds),
    output_throughput_tok_per_sec: ratio(generated.value, seconds),
    total_throughput_tok_per_sec: ratio(total.value, seconds),
    request_throughput_per_sec: ratio(requests, seconds),
    avg_prompt_tokens_per_req: ratio(prompt.value, requests),
    avg_gen_tokens_per_req: ratio(generated.value, requests),
    avg_e2e_latency_seconds: ratio(endToEnd.sum, endToEnd.count),
    avg_ttft_seconds: ratio(firstToken.sum, firstToken.count),
    avg_inter_token_latency_seconds: ratio(interToken.sum, interToken.count),
    avg_queue_time_seconds: ratio(queue.sum, queue.count),
    total_llm_time_seconds: endToEnd.sum,
    cached_tokens: counts.cached_tokens.value,
    cache_hit_rate: ratio(counts.cached_tokens.value, prompt.value),
    aborted: counts.aborted.value,
    retractions: counts.retractions.value,
    ttft_scope: firstToken.scope,
    quantiles: {
      timeToFirstToken: firstToken.quantiles,
      interTokenLatency: interToken.quantiles,
      endToEnd: endToEnd.quantiles,
      queueTime: queue.quantiles,
    },
    resolution: {
      ...printed({
        total_tokens: total.resolution,
        total_llm_time_seconds: noticed(endToEnd.sum, endToEnd.sumResolution),
      }),
      ...printed(Object.fromEntries(countedFields.map((field) => [field, counts[field].resolution]))),
      ...printed({
        avg_e2e_latency_seconds: meanResolution(endToEnd),
        avg_ttft_seconds: meanResolution(firstToken),
        avg_inter_token_latency_seconds: meanResolution(interToken),
        avg_queue_time_seconds: meanResolution(queue),
      }),
    },
    unknown: Object.fromEntries(
      countedFields.flatMap((field) => (counts[field].why === null ? [] : [[field, counts[field].why]])),
    ),
    problems,
  };
}

const restartedWhy = "the engine restarted in between";

/** Engines without a counter of requests count them in the histogram of their times. */
function requestsOf(counted: Count, endToEnd: Latency): Count {
  if (counted.value !== null || endToEnd.count === null) return counted;
  return { value: endToEnd.count, resolution: endToEnd.countResolution, why: null };
}

function printed(fields: Readonly<Partial<Record<RoundedField, PageResolution>>>): EngineDelta["resolution"] {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, { plusMinus, digits }]) =>
      plusMinus === 0 || digits === null ? [] : [[field, { plus_minus: plusMinus, digits }]],
    ),
  );
}

/** Less than this share of a time is nothing that anybody would act on. */
const noticedShare = 0.001;

function noticed(time: number | null, resolution: PageResolution): PageResolution {
  return time === null || resolution.plusMinus <= noticedShare * time ? exact : resolution;
}

/** Of sum / count. A mean is exact for every purpose where the rounding of its sum is far below it. */
function meanResolution({ sum, count, sumResolution, countResolution }: Latency): PageResolution {
  if (sum === null || count === null || count === 0) return exact;
  const mean = sum / count;
  const plusMinus = (sumResolution.plusMinus + mean * countResolution.plusMinus) / count;
  return noticed(mean, { ...together([sumResolution, countResolution]), plusMinus });
}

interface Latency {
  readonly sum: number | null;
  readonly count: number | null;
  readonly sumResolution: PageResolution;
  readonly countResolution: PageResolution;
  readonly scope: EngineDelta["ttft_scope"];
  readonly quantiles: LatencyQuantiles;
}

function latencyOf(
  histograms: readonly HistogramDelta[],
  profile: EngineProfile | null,
  concept: HistogramConcept,
): Latency {
  const all = profile === null ? [] : histogramsOf(histograms, profile, concept);
  const { series, scope } =
    concept === "timeToFirstToken" ? comparableFirstTokens(all) : { series: all, scope: null };
  const buckets = mergeBuckets(series.map((item) => item.buckets));
  const quantile = (q: number) => (buckets === null ? null : estimateQuantile(buckets, q));
  return {
    sum: total(series.map((item) => item.sum)),
    count: total(series.map((item) => item.count)),
    sumResolution: together(series.map((item) => item.sumResolution)),
    countResolution: together(series.map((item) => item.countResolution)),
    scope,
    quantiles: { p50: quantile(0.5), p90: quantile(0.9), p95: quantile(0.95), p99: quantile(0.99) },
  };
}

function histogramsOf(
  histograms: readonly HistogramDelta[],
  profile: EngineProfile,
  concept: HistogramConcept,
): readonly HistogramDelta[] {
  const named = histograms.map((item) => ({
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
  if (values.length === 0) return null;
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

function ratio(numerator: number | null, denominator: number | null): number | null {
  return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator;
}
