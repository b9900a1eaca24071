import type { Interval } from "../../statistics/interval.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { Value } from "./cell-metrics.ts";
import type { Table } from "./table.ts";

/** What a format prints: the same parts for a sweep, a replay and a comparison of two runs. */
export interface ReportDocument {
  /** Of the page's window. */
  readonly title: string;
  /** The heading, then facts of a line each. The first fact says so where the engines are simulated. */
  readonly head: readonly string[];
  readonly simulated: boolean;
  readonly tables: readonly Table[];
  readonly warnings: readonly string[];
  readonly definitions: readonly { readonly term: string; readonly meaning: string }[];
  /** Rows of `cells.csv`. */
  readonly csv: readonly Readonly<Record<string, Value>>[];
  /** What `report.json` holds. */
  readonly json: unknown;
  /** What only a page has room for. */
  readonly page: {
    /** A section of its own for the verdict, with all its reasons; the head is then only what stands before it. */
    readonly verdict: {
      readonly head: readonly string[];
      readonly verdict: string;
      readonly reasons: readonly string[];
    } | null;
    readonly lines: readonly LinePicture[];
    readonly intervals: IntervalPicture | null;
    readonly tables: readonly Table[];
  };
}

/** A value by concurrency, a line for each arm. */
export interface LinePicture {
  readonly title: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly concurrency: number; readonly estimate: Estimate }[];
  }[];
}

/** Differences with their intervals on one axis, in groups. */
export interface IntervalPicture {
  readonly name: string;
  readonly caption: string;
  readonly axis: string;
  readonly groups: readonly { readonly title: string; readonly rows: readonly IntervalRow[] }[];
}

/** One difference: what it is called, what kind it is, and its interval or the reason why there is none. */
export interface IntervalRow {
  readonly label: string;
  readonly mark: "compared" | "aaRun" | "nullProxy";
  readonly interval: Pick<Interval, "estimate" | "low" | "high"> | null;
  /** Shown in place of the interval where there is none. */
  readonly absent: string;
  readonly count: number;
}
