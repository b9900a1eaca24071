import type { Difference } from "../../analysis/estimates/paired-difference.ts";
import type { MarginFinding } from "../../statistics/margin.ts";
import { durationText, numberText } from "./number-text.ts";

/** What a difference says about the declared margin. */
export function marginText(
  { verdict, moreUnits }: MarginFinding,
  about: {
    /** The margin with its unit. */
    readonly limit: string;
    /** What more of would tell. */
    readonly unit: string;
    /** How long these would run, in seconds; null where that is not known. */
    readonly moreSeconds: number | null;
  },
): string {
  const limit = `±${about.limit}`;
  if (verdict === "inside") return `inside ${limit}\n(negligible)`;
  if (verdict === "outside") return `outside ${limit}`;
  if (moreUnits === null) return `cannot tell ${limit}`;
  const time = about.moreSeconds === null ? "" : `,\nabout ${durationText(about.moreSeconds)}`;
  return `cannot tell ${limit}:\n${moreUnits} more ${about.unit}${time}`;
}

/** The same for a difference of a sweep; null when no margin was declared. */
export function declaredMarginText({ margin, unit }: Difference): string | null {
  if (margin === null) return null;
  return marginText(margin, { limit: numberText(margin.limit), unit, moreSeconds: margin.moreSeconds });
}
