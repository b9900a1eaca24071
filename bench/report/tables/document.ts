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
  /** What stands before everything but the heading: that cells cannot be used. null where all can. */
  readonly notice: Notice | null;
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
    /** A command with what it shows that a page cannot: one that nobody serves holds no episodes. */
    readonly next: { readonly what: string; readonly command: string } | null;
    /** What was found, in sentences. */
    readonly answer: readonly string[];
    /** How many of the report's tables stand before its pictures. */
    readonly tablesFirst: number;
    /** The answer as a picture. */
    readonly intervals: IntervalPicture | null;
    readonly sections: readonly PictureSection[];
    readonly tables: readonly Table[];
  };
}

/** Which cells cannot be used, why, in sentences by arm, and what to do. */
export interface Notice {
  readonly heading: string;
  readonly meaning: string;
  readonly groups: readonly { readonly heading: string; readonly sentences: readonly string[] }[];
  readonly advice: readonly string[];
}

/** The head of a report in two: what stands before its notice, and what stands after it. */
export function headParts({ head, simulated }: Pick<ReportDocument, "head" | "simulated">) {
  const before = simulated ? 2 : 1;
  return { before: head.slice(0, before), after: head.slice(before) };
}

/** Pictures of one question. */
export interface PictureSection {
  readonly title: string;
  /** What has to be known to read them, and what is not drawn. */
  readonly notes: readonly string[];
  readonly pictures: readonly Picture[];
}

export type Picture =
  | ({ readonly kind: "intervals" } & IntervalPicture)
  | ({ readonly kind: "lines" } & LinePicture)
  | ({ readonly kind: "curve" } & CurvePicture)
  | ({ readonly kind: "heat" } & HeatPicture)
  | ({ readonly kind: "stack" } & StackPicture)
  | ({ readonly kind: "over-time" } & OverTimePicture);

/** A value at places in an order, a line for each series. */
export interface LinePicture {
  readonly title: string;
  readonly xAxis: string;
  /** Where a place is a number and not one of a few: at their distances, with as many labels as fit. */
  readonly xIsNumber?: boolean;
  /** The unit. */
  readonly yAxis: string;
  /** Of a quantity that cannot lie beyond them: all of them is shown. */
  readonly yEnds?: readonly [least: number, most: number];
  /** What was promised, as a line of its own. */
  readonly limit?: { readonly value: number; readonly text: string } | undefined;
  /** What is not drawn, and why: a sentence each. */
  readonly leftOut: readonly string[];
  /** What it shows, in words, for who sees no pictures. */
  readonly said?: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly {
      /** Where it stands among the others; several at one place are repetitions. */
      readonly at: number;
      readonly label: string;
      /** Where its value is null, the line is broken: something should be there and is not known. */
      readonly estimate: Estimate;
      /** Not to be relied on as it stands: drawn hollow. */
      readonly doubtful: boolean;
    }[];
  }[];
}

/** How full a cell was; each list holds values of equal steps over `seconds`. */
export interface OverTimePicture {
  readonly title: string;
  readonly seconds: number;
  readonly inFlight: readonly number[];
  /** null where the engine was not read. */
  readonly engine: {
    readonly running: readonly (number | null)[];
    readonly queued: readonly (number | null)[];
    readonly kvUsage: readonly (number | null)[];
  } | null;
}

/** Two quantities that both should be large, a point for each cell. */
export interface CurvePicture {
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  /** Of a quantity that cannot lie beyond them: all of them is shown, so that nothing looks far apart that is not. */
  readonly yEnds?: readonly [least: number, most: number];
  /** Where how much larger one is than another is what is looked for. */
  readonly xFromZero?: boolean;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly {
      readonly x: number;
      readonly y: number;
      readonly label: string;
      readonly doubtful: boolean;
    }[];
  }[];
}

/** Shares at the places of two axes, a field for each place. */
export interface HeatPicture {
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly xs: readonly string[];
  readonly ys: readonly string[];
  readonly fields: readonly {
    /** Index in `xs`, and in `ys`. */
    readonly x: number;
    readonly y: number;
    /** 0..1; null: not known. */
    readonly share: number | null;
    readonly text: string;
  }[];
}

/** What wholes are made of, in seconds, a bar for each. */
export interface StackPicture {
  readonly title: string;
  readonly axis: string;
  /** Of parts, in the order of a bar. */
  readonly names: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly parts: readonly { readonly name: string; readonly value: number }[];
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
