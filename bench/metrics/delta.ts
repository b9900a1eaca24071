import { type Labels, type Sample, seriesKey } from "./exposition.ts";
import { assembleHistograms, type Bucket, type HistogramSeries } from "./histogram.ts";
import type { Snapshot } from "./snapshot.ts";

/** How one counter series moved. */
export interface CounterDelta {
  readonly name: string;
  readonly labels: Labels;
  /** Never negative; null after a reset, for NaN or infinity, and for a series that occurs twice on a page. */
  readonly value: number | null;
  /** The value went down or the series is missing: the server restarted in between, so the difference is not known. */
  readonly reset: boolean;
}

/** How one label set of a histogram or summary moved. `sum` and `count` are null where the page has none. */
export interface HistogramDelta {
  readonly family: string;
  readonly labels: Labels;
  /** Cumulative increase by rising `le`; empty after a reset and where the page has no buckets. */
  readonly buckets: readonly Bucket[];
  readonly sum: number | null;
  readonly count: number | null;
  readonly reset: boolean;
}

/** The two values of a gauge, or of a series without a TYPE line. Their difference has no meaning. */
export interface GaugePair {
  readonly name: string;
  readonly labels: Labels;
  /** null where the page does not have it. */
  readonly before: number | null;
  readonly after: number | null;
}

/** The difference of two snapshots of one server, series by series. */
export interface Delta {
  /** Between the two scrapes on the monotonic clock; null where a snapshot has no time stamp. */
  readonly seconds: number | null;
  readonly counters: readonly CounterDelta[];
  readonly histograms: readonly HistogramDelta[];
  readonly gauges: readonly GaugePair[];
  /** Sentences: resets, values that are not numbers, series that occur twice, odd pages. */
  readonly problems: readonly string[];
}

/**
 * Compares two snapshots. A series of a counter or histogram that is new in `after` counts from 0, because engines do
 * not print a labelled series before its first use. A series that is in neither snapshot is not in the result.
 */
export function diff(before: Snapshot, after: Snapshot): Delta {
  const duplicates = new Set([...before.exposition.duplicates, ...after.exposition.duplicates]);
  const pairs = pairByKey(
    before.exposition.samples.filter((sample) => sample.role === "value"),
    after.exposition.samples.filter((sample) => sample.role === "value"),
    (sample) => seriesKey(sample.name, sample.labels),
  );
  const counterPairs = pairs.filter(({ either }) => isCounter(either));
  const counters = counterPairs.map(({ key, either, before, after }) =>
    counterDelta(either, {
      before: before?.value ?? null,
      after: after?.value ?? null,
      ambiguous: duplicates.has(key),
    }),
  );
  const gauges = pairs
    .filter(({ either }) => !isCounter(either))
    .map(({ either, before, after }) => ({
      name: either.name,
      labels: either.labels,
      before: before?.value ?? null,
      after: after?.value ?? null,
    }));
  const histograms = pairByKey(
    assembleHistograms(before.exposition.samples),
    assembleHistograms(after.exposition.samples),
    (series) => seriesKey(series.family, series.labels),
  ).map(({ before, after, either }) => histogramDelta(either, { before, after, duplicates }));
  const seconds = before.atNs === null || after.atNs === null ? null : (after.atNs - before.atNs) / 1e9;
  const problems = [...pageProblems("before", before), ...pageProblems("after", after)];
  const restarted = gauges.some(isOtherProcess);
  if (restarted) problems.push("the start time of the process changed: the server restarted in between");
  return {
    seconds,
    counters: restarted ? counters.map((item) => ({ ...item, value: null, reset: true })) : counters,
    histograms: restarted
      ? histograms.map((item) => ({ ...item, ...nothingObserved, reset: true }))
      : histograms,
    gauges,
    problems: [...problems, ...resetProblems(counters, histograms)],
  };
}

/** Client libraries outside multiprocess mode print when their process started. */
function isOtherProcess({ name, before, after }: GaugePair): boolean {
  return name === "process_start_time_seconds" && before !== null && after !== null && before !== after;
}

const nothingObserved = { buckets: [], sum: null, count: null } as const;

/** Declared a counter, or undeclared and named like one. */
function isCounter(sample: Sample): boolean {
  return sample.kind === "counter" || (sample.kind === "untyped" && sample.name.endsWith("_total"));
}

function counterDelta(
  { name, labels }: Sample,
  values: { readonly before: number | null; readonly after: number | null; readonly ambiguous: boolean },
): CounterDelta {
  if (values.ambiguous) return { name, labels, value: null, reset: false };
  const { value, reset } = increase(values.before, values.after);
  return { name, labels, value, reset };
}

/** Increase of a cumulative number that starts at 0 when its series is created. */
function increase(before: number | null, after: number | null): { value: number | null; reset: boolean } {
  if (after === null) return { value: null, reset: before !== null };
  const from = before ?? 0;
  if (!Number.isFinite(from) || !Number.isFinite(after)) return { value: null, reset: false };
  return after < from ? { value: null, reset: true } : { value: after - from, reset: false };
}

function histogramDelta(
  { family, labels }: HistogramSeries,
  pair: {
    readonly before: HistogramSeries | null;
    readonly after: HistogramSeries | null;
    readonly duplicates: ReadonlySet<string>;
  },
): HistogramDelta {
  const { before, after } = pair;
  const ambiguous = [`${family}_sum`, `${family}_count`].some((name) =>
    pair.duplicates.has(seriesKey(name, labels)),
  );
  const nothing = { family, labels, ...nothingObserved };
  if (ambiguous) return { ...nothing, reset: false };
  const count = increase(before?.count ?? null, after?.count ?? null);
  const sum = increase(before?.sum ?? null, after?.sum ?? null);
  const buckets = bucketIncreases(before?.buckets ?? [], after?.buckets ?? []);
  if (count.reset || sum.reset || buckets === "reset") return { ...nothing, reset: true };
  return { family, labels, buckets, sum: sum.value, count: count.value, reset: false };
}

/** Bucket boundaries are fixed at start, so other boundaries also mean another process. */
function bucketIncreases(before: readonly Bucket[], after: readonly Bucket[]): readonly Bucket[] | "reset" {
  if (before.length === 0) return after;
  if (before.length !== after.length) return "reset";
  const increases: Bucket[] = [];
  for (const [index, bucket] of after.entries()) {
    const earlier = before[index];
    if (earlier?.le !== bucket.le || bucket.count < earlier.count) return "reset";
    increases.push({ le: bucket.le, count: bucket.count - earlier.count });
  }
  return increases;
}

interface Pair<T> {
  readonly key: string;
  readonly before: T | null;
  readonly after: T | null;
  /** The later of the two: its kind and labels describe the series. */
  readonly either: T;
}

function pairByKey<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
): readonly Pair<T>[] {
  const earlier = new Map(before.map((item) => [keyOf(item), item]));
  const later = new Map(after.map((item) => [keyOf(item), item]));
  const present = [...later].map(([key, item]) => ({
    key,
    before: earlier.get(key) ?? null,
    after: item,
    either: item,
  }));
  const vanished = [...earlier]
    .filter(([key]) => !later.has(key))
    .map(([key, item]) => ({ key, before: item, after: null, either: item }));
  return [...present, ...vanished];
}

function pageProblems(side: "before" | "after", { exposition }: Snapshot): readonly string[] {
  const notFinite = exposition.samples.filter(
    (sample) =>
      !Number.isFinite(sample.value) &&
      (sample.role === "value" ? isCounter(sample) : sample.role !== "created"),
  );
  return [
    ...exposition.warnings.map((warning) => `${side}: ${warning}`),
    ...notFinite.map(({ name, value, line }) => `${side}: ${name} is ${value} (line ${line}): no difference`),
  ];
}

function resetProblems(
  counters: readonly CounterDelta[],
  histograms: readonly HistogramDelta[],
): readonly string[] {
  const names = [
    ...counters.filter(({ reset }) => reset).map(({ name }) => name),
    ...histograms.filter(({ reset }) => reset).map(({ family }) => family),
  ];
  return [...new Set(names)].map((name) => `${name} went down or vanished: the server restarted in between`);
}
