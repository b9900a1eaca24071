import { type CounterDelta, counterDelta } from "./counter-delta.ts";
import { brokenHistograms } from "./broken-histograms.ts";
import { type Exposition, type Labels, type Sample, seriesKey } from "./exposition.ts";
import { assembleHistograms } from "./histogram.ts";
import { type HistogramDelta, histogramDelta, nothingObserved } from "./histogram-delta.ts";
import { countsWhole, isCounter, misdeclared } from "./known-kinds.ts";
import { exact, resolutionOf } from "./resolution.ts";
import { compareProcesses, createdAnew, familyOf } from "./same-process.ts";
import type { Snapshot } from "./snapshot.ts";

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
  /** Sentences: restarts, values that cannot be, series that occur twice, odd pages. */
  readonly problems: readonly string[];
}

/** What the pages do not say of themselves; needed only where the snapshots have no time stamps. */
export interface DiffTimes {
  /** From the first scrape to the second. */
  readonly seconds?: number | null;
  /** Wall clock of the first scrape, in seconds since 1970. */
  readonly firstAtS?: number | null;
}

/**
 * Compares two snapshots. A series of a counter or histogram that is new in `after` counts from 0, because engines do
 * not print a labelled series before its first use. A series that is in neither snapshot is not in the result.
 */
export function diff(before: Snapshot, after: Snapshot, times: DiffTimes = {}): Delta {
  const seconds = before.atNs === null || after.atNs === null ? null : (after.atNs - before.atNs) / 1e9;
  const [earlier, later] = [before.exposition.samples, after.exposition.samples];
  const duplicates = new Set([...before.exposition.duplicates, ...after.exposition.duplicates]);
  const precision = resolutionOf([earlier, later]);
  const pairs = pairByKey(
    earlier.filter((sample) => sample.role === "value"),
    later.filter((sample) => sample.role === "value"),
    (sample) => seriesKey(sample.name, sample.labels),
  );
  const anew = createdAnew(earlier, later);
  const counters = pairs
    .filter(({ either }) => isCounter(either))
    .map((pair) => counterDelta(pair, { duplicates, whole: countsWhole, resolutionOf: precision }))
    .map((item) =>
      anew.has(seriesKey(familyOf(item.name), item.labels)) ? withoutValue(item, begunAnew) : item,
    );
  const gauges = pairs.filter(({ either }) => !isCounter(either)).map(gaugePair);
  const [then, now] = [assembleHistograms(earlier, precision), assembleHistograms(later, precision)];
  const [brokenThen, brokenNow] = [brokenHistograms(then), brokenHistograms(now)];
  const broken = new Set([...brokenThen, ...brokenNow].map(({ key }) => key));
  const histograms = pairByKey(then, now, (series) => seriesKey(series.family, series.labels))
    .map((pair) => histogramDelta(pair, { duplicates, broken }))
    .map((item) =>
      anew.has(seriesKey(familyOf(item.family), item.labels)) ? withoutObservations(item, begunAnew) : item,
    );
  const process = compareProcesses(earlier, later, {
    seconds: seconds ?? times.seconds ?? null,
    firstAtS: before.at === null ? (times.firstAtS ?? null) : Date.parse(before.at) / 1000,
    fell: [...counters, ...histograms].some(({ reset }) => reset),
  });
  const problems = [
    ...pageProblems("before", before.exposition),
    ...brokenThen.map(({ sentence }) => `before: ${sentence}`),
    ...pageProblems("after", after.exposition),
    ...brokenNow.map(({ sentence }) => `after: ${sentence}`),
    ...misdeclared(later).map((sentence) => `after: ${sentence}`),
    ...process.sentences,
    ...doubts(
      [...counters, ...histograms.map((item) => ({ ...item, name: item.family, value: item.count }))],
      {
        onlyOwn: process.other,
        risenBefore: new Set(pairs.filter(({ before }) => (before?.value ?? 0) > 0).map(({ key }) => key)),
      },
    ),
  ];
  return {
    seconds,
    counters: process.other ? counters.map((item) => withoutValue(item, elsewhere)) : counters,
    histograms: process.other ? histograms.map((item) => withoutObservations(item, elsewhere)) : histograms,
    gauges,
    problems: [...new Set(problems)],
  };
}
const begunAnew = "began anew, as its creation time says";
const elsewhere = "was counted by another process";

function withoutValue(item: CounterDelta, doubt: string): CounterDelta {
  return { ...item, value: null, resolution: exact, reset: true, doubt };
}

function withoutObservations(item: HistogramDelta, doubt: string): HistogramDelta {
  return { ...item, ...nothingObserved, reset: true, doubt };
}

function gaugePair({ before, after, either }: Pair<Sample>): GaugePair {
  const { name, labels } = either;
  return { name, labels, before: before?.value ?? null, after: after?.value ?? null };
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

function pageProblems(side: "before" | "after", { samples, warnings }: Exposition): readonly string[] {
  const notFinite = samples.filter(
    (sample) =>
      !Number.isFinite(sample.value) &&
      (sample.role === "value" ? isCounter(sample) : sample.role !== "created"),
  );
  return [
    ...warnings.map((warning) => `${side}: ${warning}`),
    ...notFinite.map(({ name, value, line }) => `${side}: ${name} is ${value} (line ${line}): no difference`),
  ];
}

interface Moved {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number | null;
  readonly reset: boolean;
  readonly doubt: string | null;
}

/** One sentence per name. What the page's own problems say already is not said again. */
function doubts(
  items: readonly Moved[],
  context: { readonly onlyOwn: boolean; readonly risenBefore: ReadonlySet<string> },
): readonly string[] {
  const risen = items.filter(
    ({ name, labels, value }) => (value ?? 0) > 0 && context.risenBefore.has(seriesKey(name, labels)),
  ).length;
  const why =
    risen === 0
      ? "the server restarted in between"
      : `${risen} other counters rose, so its series began anew or several processes answer at this address`;
  const byName = Map.groupBy(
    items.filter(({ doubt }) => doubt !== null),
    ({ name }) => name,
  );
  return [...byName].flatMap(([name, [first]]) => {
    if (first?.doubt == null) return [];
    if (first.reset) return context.onlyOwn ? [] : [`${name} ${first.doubt}: ${why}`];
    return saidAlready.test(first.doubt) ? [] : [`${name} ${first.doubt}: no difference`];
  });
}

const saidAlready = /^(occurs more than once|contradicts itself|is (NaN|-?Infinity)$)/;
