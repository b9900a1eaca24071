import { minimumSamples } from "../statistics/distribution.ts";
import { type Labels, type Sample, seriesKey } from "./exposition.ts";
import { exact, type PageResolution } from "./resolution.ts";

/** Observations at or below `le`, cumulative as Prometheus counts them. */
export interface Bucket {
  readonly le: number;
  readonly count: number;
}

/** One label set of a histogram or summary, put together from its lines in whatever order they came. */
export interface HistogramSeries {
  readonly family: string;
  /** Without `le`. */
  readonly labels: Labels;
  /** By rising `le`; empty for summaries and where the page has none. */
  readonly buckets: readonly Bucket[];
  /** null where the page has no such line. */
  readonly sum: number | null;
  readonly count: number | null;
  readonly sumResolution: PageResolution;
  readonly countResolution: PageResolution;
}

/** Collects the `_bucket`, `_sum` and `_count` lines of every histogram and summary on a page. */
export function assembleHistograms(
  samples: readonly Sample[],
  resolutionOf: (sample: Sample) => PageResolution = () => exact,
): readonly HistogramSeries[] {
  const found = new Map<string, { family: string; labels: Labels; parts: Sample[] }>();
  for (const sample of samples) {
    if (sample.role !== "bucket" && sample.role !== "sum" && sample.role !== "count") continue;
    const labels = sample.role === "bucket" ? withoutLabel(sample.labels, "le") : sample.labels;
    const key = seriesKey(sample.family, labels);
    const series = found.get(key) ?? { family: sample.family, labels, parts: [] };
    series.parts.push(sample);
    found.set(key, series);
  }
  return [...found.values()].map(({ family, labels, parts }) => {
    const sum = parts.find((part) => part.role === "sum");
    const count = parts.find((part) => part.role === "count");
    return {
      family,
      labels,
      buckets: parts
        .filter((part) => part.role === "bucket")
        .map((part) => ({ le: boundary(part.labels.get("le")), count: part.value }))
        .sort((a, b) => a.le - b.le),
      sum: sum?.value ?? null,
      count: count?.value ?? null,
      sumResolution: sum ? resolutionOf(sum) : exact,
      countResolution: count ? resolutionOf(count) : exact,
    };
  });
}

/** Sum of cumulative buckets over series with equal boundaries; null when the boundaries differ or there is no series. */
export function mergeBuckets(series: readonly (readonly Bucket[])[]): readonly Bucket[] | null {
  const [first, ...rest] = series;
  if (first === undefined || first.length === 0) return null;
  const same = rest.every(
    (buckets) => buckets.length === first.length && buckets.every(({ le }, index) => le === first[index]?.le),
  );
  if (!same) return null;
  return first.map(({ le, count }, index) => ({
    le,
    count: rest.reduce((sum, buckets) => sum + (buckets[index]?.count ?? 0), count),
  }));
}

/**
 * A quantile read from bucket counts. Only the bounds are known; `value` is a straight line between them, so it is an
 * estimate and is labelled as one. `value` and `upper` are null in the last, open bucket.
 */
export interface QuantileEstimate {
  readonly estimate: true;
  readonly value: number | null;
  /** The quantile is above this bound (at least 0 for the first bucket of a duration). */
  readonly lower: number;
  /** ... and at or below this one. */
  readonly upper: number | null;
  readonly count: number;
}

/**
 * The q-quantile (0 < q < 1) of a cumulative histogram by linear interpolation inside the bucket that holds it, as
 * Prometheus' `histogram_quantile` does. null when there is no +Inf bucket, when counts are not rising numbers, or
 * when there are fewer observations than {@link minimumSamples} asks for.
 */
export function estimateQuantile(buckets: readonly Bucket[], q: number): QuantileEstimate | null {
  const total = buckets.at(-1);
  if (total === undefined || total.le !== Number.POSITIVE_INFINITY || !isRising(buckets)) return null;
  if (total.count < minimumSamples(q)) return null;
  const rank = q * total.count;
  const index = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[index];
  if (bucket === undefined) return null;
  const below = buckets[index - 1];
  const lower = below?.le ?? Math.min(0, bucket.le);
  if (bucket.le === Number.POSITIVE_INFINITY) {
    return { estimate: true, value: null, lower, upper: null, count: total.count };
  }
  const countBelow = below?.count ?? 0;
  const share = (rank - countBelow) / (bucket.count - countBelow);
  const value = lower + (bucket.le - lower) * share;
  return { estimate: true, value, lower, upper: bucket.le, count: total.count };
}

function isRising(buckets: readonly Bucket[]): boolean {
  return buckets.every(({ count }, index) => count >= (buckets[index - 1]?.count ?? 0));
}

function boundary(text: string | undefined): number {
  if (text === undefined) return Number.NaN;
  return text.replace("+", "") === "Inf" ? Number.POSITIVE_INFINITY : Number(text);
}

/** The labels without one of them. */
export function withoutLabel(labels: Labels, name: string): Labels {
  return new Map([...labels].filter(([label]) => label !== name));
}
