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
  return { ...scoreInterval(passes / trials, trials, options.confidence), method: "Wilson score interval" };
}

/**
 * Interval of the mean of independent values in 0..1, e.g. pass^k by task: Wilson's with the values as trials. Of all
 * values in 0..1 with one mean those that are 0 or 1 scatter most, so it holds the truth at least as often as it says;
 * it needs no minimum number of values and has a width where all of them are equal. null for no values. Throws RangeError
 * for a value outside.
 */
export function boundedMeanInterval(
  values: readonly number[],
  options: { readonly confidence: number },
): Interval | null {
  const outside = values.find((value) => !(value >= 0 && value <= 1));
  if (outside !== undefined) throw new RangeError(`a value must lie in 0..1, got ${outside}`);
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    ...scoreInterval(Math.min(1, mean), values.length, options.confidence),
    method: "Wilson score interval of a mean in 0..1",
  };
}

function scoreInterval(rate: number, trials: number, confidence: number): Omit<Interval, "method"> {
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const weight = 1 + (z * z) / trials;
  const center = (rate + (z * z) / (2 * trials)) / weight;
  const half = (z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))) / weight;
  // Rounding must not move the limits at 0 and 1 across them.
  const low = rate === 0 ? 0 : center - half;
  const high = rate === 1 ? 1 : center + half;
  return { estimate: rate, low, high, confidence, units: trials };
}
