import { oncePerRank, selectSeries } from "./aggregate.ts";
import type { HistogramDelta } from "./histogram-delta.ts";
import { estimateQuantile, mergeBuckets, type QuantileEstimate } from "./histogram.ts";
import type { EngineProfile, HistogramConcept } from "./profiles/profile.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

/** Estimates from bucket counts, in seconds; null where there are too few observations or no buckets. */
export interface LatencyQuantiles {
  readonly p50: QuantileEstimate | null;
  readonly p90: QuantileEstimate | null;
  readonly p95: QuantileEstimate | null;
  readonly p99: QuantileEstimate | null;
}

/** Which requests the TTFT numbers are over; engines that do not stream stamp the first token late. */
export type FirstTokenScope = "streaming" | "not-streaming" | "all" | null;

export interface EngineLatency {
  readonly sum: number | null;
  readonly count: number | null;
  readonly sumResolution: PageResolution;
  readonly countResolution: PageResolution;
  readonly scope: FirstTokenScope;
  readonly quantiles: LatencyQuantiles;
}

export type EngineLatencies = Readonly<Record<HistogramConcept, EngineLatency>>;

export function latencyOf(
  histograms: readonly HistogramDelta[],
  profile: EngineProfile | null,
  concept: HistogramConcept,
): EngineLatency {
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
  readonly scope: FirstTokenScope;
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

/** Less than this share of a time is nothing that anybody would act on. */
const noticedShare = 0.001;

export function noticed(time: number | null, resolution: PageResolution): PageResolution {
  return time === null || resolution.plusMinus <= noticedShare * time ? exact : resolution;
}

/** Of sum / count. A mean is exact for every purpose where the rounding of its sum is far below it. */
export function meanResolution({
  sum,
  count,
  sumResolution,
  countResolution,
}: EngineLatency): PageResolution {
  if (sum === null || count === null || count === 0) return exact;
  const mean = sum / count;
  const plusMinus = (sumResolution.plusMinus + mean * countResolution.plusMinus) / count;
  return noticed(mean, { ...together([sumResolution, countResolution]), plusMinus });
}

function total(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}
