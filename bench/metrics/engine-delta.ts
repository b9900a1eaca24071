import type { Delta } from "./delta.ts";
import { type Count, countsOf, notCounted, plus, wholePrompt } from "./engine-counts.ts";
import { unknownPageText } from "./found-names.ts";
import {
  type FirstTokenScope,
  latencyOf,
  type EngineLatencies,
  type EngineLatency,
  type LatencyQuantiles,
  meanResolution,
  noticed,
} from "./engine-latency.ts";
import { detectProfile } from "./detect-profile.ts";
import type { EngineProfile, HistogramConcept } from "./profiles/profile.ts";
import type { PageResolution } from "./resolution.ts";

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
  readonly ttft_scope: FirstTokenScope;
  readonly quantiles: Readonly<Record<HistogramConcept, LatencyQuantiles>>;
  /** What the averages are made of; over several intervals these add up. */
  readonly observed: Readonly<Record<HistogramConcept, Observed>>;
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

/** Observations of a histogram and their sum; null where it is not known. */
export interface Observed {
  readonly count: number | null;
  readonly seconds: number | null;
}

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
  // A part of what another process counted looks like a number and is none.
  const latency = (concept: HistogramConcept) => latencyOf(reset ? [] : delta.histograms, profile, concept);
  const latencies: EngineLatencies = {
    timeToFirstToken: latency("timeToFirstToken"),
    interTokenLatency: latency("interTokenLatency"),
    endToEnd: latency("endToEnd"),
    queueTime: latency("queueTime"),
  };
  const counts = fieldsOf(delta, { profile, reset, page, endToEnd: latencies.endToEnd });
  return {
    engine: profile?.engine ?? null,
    reset,
    wall_clock_seconds: wallClockS,
    ...numbersOf(counts, Number.isFinite(wallClockS) && wallClockS > 0 ? wallClockS : null),
    ...meansOf(latencies),
    total_llm_time_seconds: latencies.endToEnd.sum,
    ttft_scope: latencies.timeToFirstToken.scope,
    quantiles: {
      timeToFirstToken: latencies.timeToFirstToken.quantiles,
      interTokenLatency: latencies.interTokenLatency.quantiles,
      endToEnd: latencies.endToEnd.quantiles,
      queueTime: latencies.queueTime.quantiles,
    },
    observed: {
      timeToFirstToken: observedIn(latencies.timeToFirstToken),
      interTokenLatency: observedIn(latencies.interTokenLatency),
      endToEnd: observedIn(latencies.endToEnd),
      queueTime: observedIn(latencies.queueTime),
    },
    resolution: roundedOf(counts, latencies),
    unknown: Object.fromEntries(
      countedFields.flatMap((field) => (counts[field].why === null ? [] : [[field, counts[field].why]])),
    ),
    problems,
  };
}

function observedIn({ count, sum }: EngineLatency): Observed {
  return { count, seconds: sum };
}

type Fields = Readonly<Record<CountedField, Count>>;

function fieldsOf(
  delta: Delta,
  of: {
    readonly profile: EngineProfile | null;
    readonly reset: boolean;
    readonly page: readonly string[];
    readonly endToEnd: EngineLatency;
  },
): Fields {
  const { profile, reset, page, endToEnd } = of;
  const counted = profile === null ? null : countsOf(delta.counters, profile, page);
  const usable = (count: Count | undefined): Count =>
    count === undefined ? notCounted : reset ? { ...notCounted, why: count.why ?? restartedWhy } : count;
  return {
    prompt_tokens: usable(counted && profile ? wholePrompt(counted, profile) : undefined),
    generation_tokens: usable(counted?.generationTokens),
    num_requests: requestsOf(usable(counted?.requests), endToEnd),
    cached_tokens: usable(counted?.cachedTokens),
    aborted: usable(counted?.aborted),
    retractions: usable(counted?.retractions),
  };
}

/** Counts, and what follows from them. `seconds`: null where there is no length to divide by. */
function numbersOf(counts: Fields, seconds: number | null) {
  const [prompt, generated] = [counts.prompt_tokens.value, counts.generation_tokens.value];
  const [requests, cached] = [counts.num_requests.value, counts.cached_tokens.value];
  const total = plus(counts.prompt_tokens, counts.generation_tokens).value;
  return {
    prompt_tokens: prompt,
    generation_tokens: generated,
    total_tokens: total,
    num_requests: requests,
    input_throughput_tok_per_sec: ratio(prompt, seconds),
    output_throughput_tok_per_sec: ratio(generated, seconds),
    total_throughput_tok_per_sec: ratio(total, seconds),
    request_throughput_per_sec: ratio(requests, seconds),
    avg_prompt_tokens_per_req: ratio(prompt, requests),
    avg_gen_tokens_per_req: ratio(generated, requests),
    cached_tokens: cached,
    cache_hit_rate: ratio(cached, prompt),
    aborted: counts.aborted.value,
    retractions: counts.retractions.value,
  };
}

function meansOf({ endToEnd, timeToFirstToken, interTokenLatency, queueTime }: EngineLatencies) {
  return {
    avg_e2e_latency_seconds: ratio(endToEnd.sum, endToEnd.count),
    avg_ttft_seconds: ratio(timeToFirstToken.sum, timeToFirstToken.count),
    avg_inter_token_latency_seconds: ratio(interTokenLatency.sum, interTokenLatency.count),
    avg_queue_time_seconds: ratio(queueTime.sum, queueTime.count),
  };
}

function roundedOf(counts: Fields, latencies: EngineLatencies): EngineDelta["resolution"] {
  const { endToEnd, timeToFirstToken, interTokenLatency, queueTime } = latencies;
  return {
    ...printed(Object.fromEntries(countedFields.map((field) => [field, counts[field].resolution]))),
    ...printed({
      total_tokens: plus(counts.prompt_tokens, counts.generation_tokens).resolution,
      total_llm_time_seconds: noticed(endToEnd.sum, endToEnd.sumResolution),
      avg_e2e_latency_seconds: meanResolution(endToEnd),
      avg_ttft_seconds: meanResolution(timeToFirstToken),
      avg_inter_token_latency_seconds: meanResolution(interTokenLatency),
      avg_queue_time_seconds: meanResolution(queueTime),
    }),
  };
}

const restartedWhy = "the engine restarted in between";

/** Engines without a counter of requests count them in the histogram of their times. */
function requestsOf(counted: Count, endToEnd: EngineLatency): Count {
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

function ratio(numerator: number | null, denominator: number | null): number | null {
  return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator;
}
