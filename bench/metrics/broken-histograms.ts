import { seriesKey } from "./exposition.ts";
import type { HistogramSeries } from "./histogram.ts";

export interface BrokenHistogram {
  /** {@link seriesKey} of family and labels. */
  readonly key: string;
  readonly sentence: string;
}

/** Histograms of one page whose own lines cannot all be true, each with the first contradiction. */
export function brokenHistograms(histograms: readonly HistogramSeries[]): readonly BrokenHistogram[] {
  return histograms.flatMap((series) => {
    const what = contradiction(series);
    if (what === null) return [];
    return [{ key: seriesKey(series.family, series.labels), sentence: `${series.family} ${what}` }];
  });
}

function contradiction({ family, buckets, sum, count, countResolution }: HistogramSeries): string | null {
  if (sum !== null && sum < 0 && family.endsWith("_seconds"))
    return `has the sum ${sum}: no time is negative`;
  for (const seen of [count, ...buckets.map((bucket) => bucket.count)]) {
    if (seen === null || !Number.isFinite(seen)) continue;
    if (seen < 0) return `has the count ${seen}: a count is never negative`;
    if (!Number.isInteger(seen)) return `has the count ${seen}: observations have no parts`;
  }
  if (buckets.length === 0) return null;
  if (buckets.some(({ le }) => Number.isNaN(le))) return "has a bucket whose le is missing or no number";
  for (const [index, bucket] of buckets.entries()) {
    const narrower = buckets[index - 1];
    if (narrower === undefined) continue;
    if (narrower.le === bucket.le) return `has two buckets up to ${bucket.le}`;
    if (narrower.count > bucket.count) {
      return `has falling buckets: ${narrower.count} up to ${narrower.le} and ${bucket.count} up to ${bucket.le}`;
    }
  }
  const all = buckets.at(-1);
  if (all === undefined || all.le !== Number.POSITIVE_INFINITY) return "has no bucket +Inf";
  if (count === null || Math.abs(all.count - count) <= 2 * countResolution.plusMinus) return null;
  return `counts ${count}, and ${all.count} in its bucket +Inf`;
}
