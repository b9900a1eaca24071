import { z } from "zod";

/**
 * A number with what is needed to doubt it: how many observations it rests on and its 95 % interval. `value` is null
 * where there are too few to state it, the interval where there are too few to state one.
 */
export const estimateSchema = z.object({
  value: z.number().nullable(),
  count: z.number().int(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type Estimate = z.infer<typeof estimateSchema>;

/** A number that was counted or measured once: it has a count and no interval. */
export function counted(value: number | null, count: number): Estimate {
  return { value, count, low: null, high: null };
}

/** Quotient; null when a part is unknown or the divisor is 0. */
export function ratio(numerator: number | null, denominator: number | null): number | null {
  return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator;
}

/** Sum over what is known; null as soon as one part is unknown, because then the sum is too. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
