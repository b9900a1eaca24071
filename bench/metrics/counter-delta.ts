import { seriesKey, type Labels, type Sample } from "./exposition.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

/** How one counter series moved. */
export interface CounterDelta {
  readonly name: string;
  readonly labels: Labels;
  /** Never negative; null when {@link CounterDelta.doubt} says why. */
  readonly value: number | null;
  /** How much of the value is known: the page's own rounding, twice. */
  readonly resolution: PageResolution;
  /** The value went down or the series is missing: another process counts now, so the difference is not known. */
  readonly reset: boolean;
  /** Why the value is null, e.g. `went down from 9 to 1`; null for a number. */
  readonly doubt: string | null;
}

export interface CounterPair {
  readonly before: Sample | null;
  readonly after: Sample | null;
  /** The later of the two: its kind and labels describe the series. */
  readonly either: Sample;
}

export interface CounterRules {
  /** Keys of series that occur twice on one of the pages. */
  readonly duplicates: ReadonlySet<string>;
  /** Whether a name counts things that have no parts, such as tokens. */
  readonly whole: (name: string) => boolean;
  readonly resolutionOf: (sample: Sample) => PageResolution;
}

/** A series that is new in the second page counts from 0: engines print a labelled one after its first use. */
export function counterDelta({ before, after, either }: CounterPair, rules: CounterRules): CounterDelta {
  const { name, labels } = either;
  const none = (doubt: string, reset = false): CounterDelta => {
    return { name, labels, value: null, resolution: exact, reset, doubt };
  };
  if (rules.duplicates.has(seriesKey(name, labels))) return none("occurs more than once on a page");
  for (const sample of [before, after]) {
    const impossible = sample === null ? null : impossibleCount(sample, rules.whole(name));
    if (impossible !== null) return none(impossible);
  }
  if (after === null) return none("vanished", before !== null);
  const from = before?.value ?? 0;
  const resolution = together([before, after].map((sample) => (sample ? rules.resolutionOf(sample) : exact)));
  if (after.value < from) return none(`went down from ${from} to ${after.value}`, true);
  return { name, labels, value: after.value - from, resolution, reset: false, doubt: null };
}

/** What no counter can say; null for a number that it can. */
export function impossibleCount({ value }: Sample, whole: boolean): string | null {
  if (!Number.isFinite(value)) return `is ${value}`;
  if (value < 0) return `is ${value}: a counter is never negative`;
  return whole && !Number.isInteger(value) ? `is ${value}: it counts things that have no parts` : null;
}
