import { meanOf, standardDeviation } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { studentTQuantile } from "./reference-distributions.ts";

/** Values that were measured under the same conditions, and how much their mean counts. */
export interface Stratum {
  readonly values: readonly number[];
  /** All weights together are 1. */
  readonly weight: number;
}

/**
 * A weighted mean of the means of fixed strata, and how much it would move if each stratum were measured again: Student's t with
 * Satterthwaite's degrees of freedom. It says nothing of other strata. null where a stratum has fewer than two values; values that are
 * all alike have an interval without width.
 */
export function stratifiedMean(
  strata: readonly Stratum[],
  { confidence }: { readonly confidence: number },
): Interval | null {
  if (strata.length === 0 || strata.some(({ values }) => values.length < 2)) return null;
  const estimate = strata.reduce((sum, { values, weight }) => sum + weight * meanOf(values), 0);
  const parts = strata.map(({ values, weight }) => ({
    variance: (weight * standardDeviation(values)) ** 2 / values.length,
    degrees: values.length - 1,
  }));
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  const spread = parts.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  const degrees = spread === 0 ? 1 : variance ** 2 / spread;
  const half = variance === 0 ? 0 : studentTQuantile(1 - (1 - confidence) / 2, degrees) * Math.sqrt(variance);
  return {
    estimate,
    low: estimate - half,
    high: estimate + half,
    confidence,
    method: "t interval over repetitions within strata, Satterthwaite's degrees of freedom",
    units: strata.reduce((sum, { values }) => sum + values.length, 0),
  };
}
