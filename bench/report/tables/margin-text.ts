import { durationText, numberText } from "./number-text.ts";
import type { Difference } from "../../analysis/estimates/paired-difference.ts";

/** What a difference says about the declared margin; null when none was declared. */
export function marginText({ margin, unit }: Difference): string | null {
  if (margin === null) return null;
  const limit = `±${numberText(margin.limit)}`;
  if (margin.verdict === "inside") return `inside ${limit}\n(negligible)`;
  if (margin.verdict === "outside") return `outside ${limit}`;
  if (margin.moreUnits === null) return `cannot tell ${limit}`;
  const time = margin.moreSeconds === null ? "" : `,\nabout ${durationText(margin.moreSeconds)}`;
  return `cannot tell ${limit}:\n${margin.moreUnits} more ${unit}${time}`;
}
