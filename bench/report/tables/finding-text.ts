import {
  minimumCellPairs,
  minimumTasks,
  type Difference,
} from "../../analysis/estimates/paired-difference.ts";
import { declaredMarginText } from "./margin-text.ts";

/** What more and less are called. */
export interface FindingWords {
  readonly more: string;
  readonly less: string;
}

/** On the way: more time is slower. */
export const pathWords: FindingWords = { more: "slower", less: "faster" };

/** Why nothing is found. `drift`: times of too few pairs of cells, whose drift no interval over tasks holds. */
export type NoFinding = "holds 0" | "too few tasks" | "drift";

/** null: something is found, or there is no interval that could look as if it were. */
export function whyNoFinding({ difference, tasks, cellPairs, unit, finding }: Difference): NoFinding | null {
  const { low, high } = difference;
  if (finding !== "cannot-tell") return null;
  if (low !== null && high !== null && low <= 0 && high >= 0) return "holds 0";
  if (tasks < minimumTasks) return "too few tasks";
  return low !== null && unit === "tasks" && cellPairs < minimumCellPairs ? "drift" : null;
}

const reasons: Readonly<Record<NoFinding, string>> = {
  "holds 0": "holds 0",
  "too few tasks": "too few tasks",
  drift: "drift is not in it",
};

/** Every pair had the same. */
export function isSame({ difference: { value, low, high } }: Difference): boolean {
  return value === 0 && low === 0 && high === 0;
}

/** Something was found, and the baseline against itself (A/A) may differ by as much. */
export function isWithin({ finding, difference }: Difference, floor: Difference): boolean {
  const { low, high } = floor.difference;
  if (finding === "cannot-tell" || difference.value === null || low === null || high === null) return false;
  return Math.abs(difference.value) <= Math.max(Math.abs(low), Math.abs(high));
}

/**
 * What a difference says, in words that agree with its interval: where nothing is found although the interval leaves 0 out, the
 * reason is said.
 */
export function findingText(difference: Difference, words: FindingWords): string {
  const why = whyNoFinding(difference);
  const margin = declaredMarginText(difference);
  if (margin !== null) {
    const undecided = difference.margin?.verdict === "cannot-tell" && why !== null && why !== "holds 0";
    return undecided ? `${margin}\n(${reasons[why]})` : margin;
  }
  if (difference.finding !== "cannot-tell") return words[difference.finding];
  if (isSame(difference)) return "the same";
  return why === null ? "cannot tell" : `cannot tell\n(${reasons[why]})`;
}
