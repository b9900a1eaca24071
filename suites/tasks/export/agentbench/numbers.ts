import { meanOf } from "../../../../bench/statistics/distribution.ts";

/** null for no values: the mean of nothing is not 0. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}

/** As a number of so many decimals, so that every program prints it alike. */
export function rounded(value: number | null, decimals: number): number | null {
  if (value === null) return null;
  const scale = 10 ** decimals;
  const near = Math.round((value + Number.EPSILON) * scale) / scale;
  return Object.is(near, -0) ? 0 : near;
}

/** null as soon as one part is not known. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  return values.reduce(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0 as number | null,
  );
}
