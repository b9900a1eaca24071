/** An estimate with the range that the data support. All numbers are in the unit of the estimate. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Coverage aimed at, e.g. 0.95. */
  readonly confidence: number;
  readonly method: string;
  /** Independent units behind it: blocks, episodes or values, as `unit` says. */
  readonly units: number;
}

/** What an interval says about a margin that was declared beforehand. */
export type MarginVerdict = "inside" | "outside" | "cannot-tell";

/**
 * `inside`: the whole interval lies within ±margin, so the effect is negligible by declaration. `outside`: the whole
 * interval lies beyond the margin on one side. Otherwise the data cannot tell.
 */
export function judgeMargin(interval: Interval, margin: number): MarginVerdict {
  if (interval.low >= -margin && interval.high <= margin) return "inside";
  if (interval.low > margin || interval.high < -margin) return "outside";
  return "cannot-tell";
}

/** Half the width of an interval, in its unit. */
export function halfWidth(interval: Interval): number {
  return (interval.high - interval.low) / 2;
}
