import { meanOf, percentile, summarize } from "../../bench/statistics/distribution.ts";

/** What every measurement is given. */
export interface Workbench {
  /** Fewer repetitions: shows that everything runs; its numbers are rougher. */
  readonly quick: boolean;
  /** A folder that is gone afterwards. */
  readonly scratch: string;
  /** Root of the repository. */
  readonly root: string;
  /** Folder that holds `tau2/data` and `tau2/golden`; null where there is none. */
  readonly shared: string | null;
  /** Whole environment of the processes that are started. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of another checkout that is measured in turn with this one, where a measurement can. */
  readonly against?: string | undefined;
  readonly nowNs: () => number;
}

export interface Measurement {
  /** What `--only` matches. */
  readonly name: string;
  /** Too long for every run: only with `--full`, or when it is named. */
  readonly long?: boolean;
  readonly measure: (bench: Workbench) => Promise<readonly Reading[] | Skipped>;
}

export interface Skipped {
  readonly skipped: string;
}

export type Unit = "us" | "ms" | "s" | "MB";

/** One number with what is needed to doubt it. */
export interface Reading {
  readonly what: string;
  readonly unit: Unit;
  /** How `value` came from the `count` single values: a percentile, their mean, their maximum, or the only one. */
  readonly statistic: "p50" | "p95" | "p99" | "mean" | "max" | "once";
  readonly value: number;
  readonly count: number;
  /** How far the single values lie apart; null for a single one. */
  readonly spread: string | null;
  /** Largest value that is wanted; null where nothing was set. */
  readonly target: number | null;
}

type Subject = Pick<Reading, "what" | "unit" | "target">;

/** The median of many values, with their tail. Throws RangeError for none. */
export function medianReading(subject: Subject, values: readonly number[]): Reading {
  const value = percentile(values, 0.5);
  if (value === null) throw new RangeError(`${subject.what}: nothing was measured`);
  const { p95, max } = summarize(values);
  const tail = p95 === null ? `max ${shortText(max ?? value)}` : `p95 ${shortText(p95)}`;
  return { ...subject, statistic: "p50", value, count: values.length, spread: tail };
}

/** The mean of many values, with their median and tail. Throws RangeError for none. */
export function meanReading(subject: Subject, values: readonly number[]): Reading {
  if (values.length === 0) throw new RangeError(`${subject.what}: nothing was measured`);
  const tail = [0.5, 0.95].map((q) => `p${q * 100} ${shortText(percentile(values, q) ?? Number.NaN)}`);
  return {
    ...subject,
    statistic: "mean",
    value: meanOf(values),
    count: values.length,
    spread: tail.join(", "),
  };
}

/** The median of a few whole runs, with the extremes; a single one is named as such. */
export function repeatedReading(subject: Subject, values: readonly number[]): Reading {
  const [only] = values;
  if (only === undefined) throw new RangeError(`${subject.what}: nothing was measured`);
  if (values.length === 1) return { ...subject, statistic: "once", value: only, count: 1, spread: null };
  const spread = `${shortText(Math.min(...values))} to ${shortText(Math.max(...values))}`;
  return {
    ...subject,
    statistic: "p50",
    value: percentile(values, 0.5) ?? only,
    count: values.length,
    spread,
  };
}

/** Three significant digits. */
export function shortText(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export function millisecondsSince(bench: Workbench, startedNs: number): number {
  return (bench.nowNs() - startedNs) / 1e6;
}
