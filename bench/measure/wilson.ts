import type { Interval } from "./interval.ts";
import { normalQuantile } from "./reference-distributions.ts";

/**
 * Wilson score interval of a pass rate. Unlike the textbook ±, it stays inside 0..1 and does not shrink to nothing at
 * 0 or all passes. Trials of one task are not independent: for several trials a task, count tasks or use a bootstrap
 * over tasks. null for no trials. Throws RangeError when the counts are impossible.
 */
export function wilsonInterval(
  passes: number,
  trials: number,
  options: { readonly confidence: number },
): Interval | null {
  if (!Number.isInteger(passes) || !Number.isInteger(trials) || passes < 0 || passes > trials) {
    throw new RangeError(`impossible counts: ${passes} passes of ${trials} trials`);
  }
  if (trials === 0) return null;
  const { confidence } = options;
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const rate = passes / trials;
  const weight = 1 + (z * z) / trials;
  const center = (rate + (z * z) / (2 * trials)) / weight;
  const half = (z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))) / weight;
  // Rounding must not move the limits at 0 and 1 across them.
  const low = passes === 0 ? 0 : center - half;
  const high = passes === trials ? 1 : center + half;
  return { estimate: rate, low, high, confidence, method: "Wilson score interval", units: trials };
}
