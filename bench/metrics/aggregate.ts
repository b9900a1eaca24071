import type { Labels } from "./exposition.ts";
import { seriesKey } from "./exposition.ts";
import type { CounterSource } from "./profiles/profile.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

/** Anything with labels and a number that may be unknown: a counter's increase, a gauge's value, a histogram's count. */
export interface LabelledValue {
  readonly name: string;
  readonly labels: Labels;
  /** null: the series exists, its number cannot be used. */
  readonly value: number | null;
  /** How much of it is known; left out where nobody asks. */
  readonly resolution?: PageResolution;
}

/** One number for a concept, and how much of it is known. */
export interface Measured {
  readonly value: number | null;
  readonly resolution: PageResolution;
}

/**
 * One number for a concept, or null when the page has no such series, or when one of the series that belong to it has
 * no usable number: a sum with a part missing looks plausible and is wrong.
 */
export function sumSeries(
  series: readonly LabelledValue[],
  source: CounterSource,
  rankLabels: readonly string[],
): number | null {
  return measureSeries(series, source, rankLabels).value;
}

/** The same of shares: their mean over servers. One of several pools that is full does not make the other one fuller. */
export function meanSeries(
  series: readonly LabelledValue[],
  source: CounterSource,
  rankLabels: readonly string[],
): number | null {
  const { length } = oncePerRank(selectSeries(series, source), rankLabels);
  const total = sumSeries(series, source, rankLabels);
  return total === null ? null : total / length;
}

/** As {@link sumSeries}, with how much of the sum is known: the bounds of its parts add up. */
export function measureSeries(
  series: readonly LabelledValue[],
  source: CounterSource,
  rankLabels: readonly string[],
): Measured {
  const chosen = oncePerRank(selectSeries(series, source), rankLabels);
  if (chosen.length === 0) return { value: null, resolution: exact };
  const total = sum(chosen);
  const { totalOf } = source;
  if (totalOf === undefined) return total;
  const isTotal = ({ labels }: LabelledValue) => labels.get(totalOf.label) === totalOf.value;
  const totals = sum(chosen.filter(isTotal));
  const parts = sum(chosen.filter((item) => !isTotal(item)));
  if (totals.value === null || parts.value === null) return total;
  const apart = Math.abs(totals.value - parts.value);
  return apart <= totals.resolution.plusMinus + parts.resolution.plusMinus ? totals : total;
}

/** The series of the first of the source's names that occurs, with its label values. */
export function selectSeries<T extends Pick<LabelledValue, "name" | "labels">>(
  series: readonly T[],
  source: Pick<CounterSource, "names" | "where">,
): readonly T[] {
  const name = source.names.find((candidate) => series.some((item) => item.name === candidate));
  const where = Object.entries(source.where ?? {});
  return series.filter(
    (item) => item.name === name && where.every(([label, value]) => item.labels.get(label) === value),
  );
}

/**
 * Drops the copies of one count that ranks print: of series that are equal but for their rank labels, the one of rank
 * 0 stays, or the largest when there is no rank 0 (data-parallel attention) or several. When one of them has no usable
 * number the result has none either: the sum is then reported as not known.
 */
export function oncePerRank<T extends LabelledValue>(
  series: readonly T[],
  rankLabels: readonly string[],
): readonly T[] {
  const groups = Map.groupBy(series, ({ labels }) =>
    seriesKey("", new Map([...labels].filter(([label]) => !rankLabels.includes(label)))),
  );
  return [...groups.values()].flatMap((copies) => {
    const ofRankZero = copies.filter(({ labels }) =>
      ["tp_rank", "pp_rank"].every(
        (label) => !rankLabels.includes(label) || (labels.get(label) ?? "0") === "0",
      ),
    );
    const candidates = ofRankZero.length > 0 ? ofRankZero : copies;
    const unusable = candidates.find(({ value }) => value === null);
    if (unusable !== undefined) return [unusable];
    const largest = candidates.reduce((best, item) => ((item.value ?? 0) > (best.value ?? 0) ? item : best));
    return [largest];
  });
}

function sum(series: readonly LabelledValue[]): Measured {
  let total: number | null = 0;
  for (const { value } of series) {
    total = total === null || value === null || !Number.isFinite(value) ? null : total + value;
  }
  return { value: total, resolution: together(series.map(({ resolution }) => resolution ?? exact)) };
}
