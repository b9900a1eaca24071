import { seriesKey, type Labels } from "./exposition.ts";
import type { Bucket, HistogramSeries } from "./histogram.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

/** How one label set of a histogram or summary moved. `sum` and `count` are null where the page has none. */
export interface HistogramDelta {
  readonly family: string;
  readonly labels: Labels;
  /** Cumulative increase by rising `le`; empty after a reset, where the page has none, and where they contradict each other. */
  readonly buckets: readonly Bucket[];
  readonly sum: number | null;
  readonly count: number | null;
  readonly sumResolution: PageResolution;
  readonly countResolution: PageResolution;
  readonly reset: boolean;
  /** Why nothing is known although the page has it; null otherwise. */
  readonly doubt: string | null;
}

export const nothingObserved = {
  buckets: [],
  sum: null,
  count: null,
  sumResolution: exact,
  countResolution: exact,
} as const;

export interface HistogramPair {
  readonly before: HistogramSeries | null;
  readonly after: HistogramSeries | null;
  readonly either: HistogramSeries;
}

export interface HistogramRules {
  readonly duplicates: ReadonlySet<string>;
  /** Keys of series of either page that contradict themselves. */
  readonly broken: ReadonlySet<string>;
}

export function histogramDelta(
  { before, after, either: { family, labels } }: HistogramPair,
  rules: HistogramRules,
): HistogramDelta {
  const none = (doubt: string, reset = false): HistogramDelta => {
    return { family, labels, ...nothingObserved, reset, doubt };
  };
  const twice = [`${family}_sum`, `${family}_count`].some((name) =>
    rules.duplicates.has(seriesKey(name, labels)),
  );
  if (twice) return none("occurs more than once on a page");
  if (rules.broken.has(seriesKey(family, labels))) return none("contradicts itself");
  const count = increase(before?.count ?? null, after?.count ?? null);
  const sum = increase(before?.sum ?? null, after?.sum ?? null);
  const buckets = bucketIncreases(before?.buckets ?? [], after?.buckets ?? []);
  if (count === "fell" || sum === "fell" || buckets === "fell") return none("went down or vanished", true);
  const rising = buckets.every(({ count: seen }, index) => seen >= (buckets[index - 1]?.count ?? 0));
  if (!rising) return none("grew less in a wide bucket than in a narrow one inside it");
  return {
    family,
    labels,
    buckets,
    sum,
    count,
    sumResolution: together([before?.sumResolution ?? exact, after?.sumResolution ?? exact]),
    countResolution: together([before?.countResolution ?? exact, after?.countResolution ?? exact]),
    reset: false,
    doubt: null,
  };
}

/** Increase of a cumulative number that starts at 0 when its series is created; null where it is not a number. */
function increase(before: number | null, after: number | null): number | null | "fell" {
  if (after === null) return before === null ? null : "fell";
  const from = before ?? 0;
  if (!Number.isFinite(from) || !Number.isFinite(after)) return null;
  return after < from ? "fell" : after - from;
}

/** Bucket boundaries are fixed at start, so other boundaries also mean another process. */
function bucketIncreases(before: readonly Bucket[], after: readonly Bucket[]): readonly Bucket[] | "fell" {
  if (before.length === 0) return after;
  if (before.length !== after.length) return "fell";
  const increases: Bucket[] = [];
  for (const [index, bucket] of after.entries()) {
    const earlier = before[index];
    if (earlier?.le !== bucket.le || bucket.count < earlier.count) return "fell";
    increases.push({ le: bucket.le, count: bucket.count - earlier.count });
  }
  return increases;
}
