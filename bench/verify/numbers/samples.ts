import { normalPoint } from "./student.ts";

/** Sums of floats in another order differ in their last digits, so nothing here is compared to the last digit. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : total(values) / values.length;
}

export function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Variance with divisor n - 1. */
export function variance(values: readonly number[]): number {
  const middle = mean(values) ?? 0;
  return total(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
}

export function quotient(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}

/** null as soon as one of them is. */
export function totalKnown(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === values.length ? total(known) : null;
}

/** Fewest values from which a percentile is stated, as docs/columns.md says it. */
const fewest: Readonly<Record<number, number>> = { 0.5: 11, 0.75: 24, 0.9: 64, 0.95: 130, 0.99: 662 };

export function fewestFor(share: number): number {
  return fewest[share] ?? Infinity;
}

export function percentile(values: readonly number[], share: number): number | null {
  if (values.length < fewestFor(share)) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * share;
  const [below = 0, above = 0] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
  return (
    below * (Math.ceil(rank) - rank) +
    above * (rank - Math.floor(rank)) +
    (Number.isInteger(rank) ? below : 0)
  );
}

/** Wilson's interval, as the roots of (p - share)^2 = z^2 p (1 - p) / count. */
export function wilson(share: number, count: number): { readonly low: number; readonly high: number } {
  const z2 = normalPoint ** 2;
  const [a, b, c] = [1 + z2 / count, -(2 * share + z2 / count), share ** 2];
  const root = Math.sqrt(Math.max(0, b * b - 4 * a * c));
  return { low: share === 0 ? 0 : (-b - root) / (2 * a), high: share === 1 ? 1 : (-b + root) / (2 * a) };
}

/** C(passes, k) / C(trials, k), one factor for each of the k that are drawn: binomials of hundreds are no numbers of a computer. */
export function allPassChance(passes: number, trials: number, k: number): number {
  let chance = 1;
  for (let drawn = 0; drawn < k; drawn += 1) chance *= Math.max(0, passes - drawn) / (trials - drawn);
  return chance;
}
