import { bootstrapped, type Placed } from "../numbers/draws.ts";
import { mean, percentile } from "../numbers/samples.ts";
import type { Expected } from "./figure.ts";

/** A number that was measured once. */
export function once(value: number | null, count: number): Expected {
  return { value, count, low: null, high: null };
}

/** A mean with its interval over units. */
export function meanOver(placed: readonly Placed[]): Expected {
  return stated(mean(placed.map(({ value }) => value)), placed, bootstrapped(placed, "mean"));
}

/** Count, mean and percentiles with their intervals over units, as a report has them of every latency. */
export function spreadOf(placed: readonly Placed[]): Expected {
  const values = placed.map(({ value }) => value);
  const rank = (share: number) => percentile(values, share);
  const none = { low: null, high: null };
  return {
    count: values.length,
    episodes: new Set(placed.map(({ unit }) => unit)).size,
    mean: meanOver(placed),
    p50: stated(rank(0.5), placed, bootstrapped(placed, 0.5)),
    p95: stated(rank(0.95), placed, bootstrapped(placed, 0.95)),
    p99: stated(rank(0.99), placed, none),
    max: values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value), -Infinity),
  };
}

export function medianOver(placed: readonly Placed[]): Expected {
  return rankOver(placed, 0.5);
}

/** A percentile with its interval over units. */
export function rankOver(placed: readonly Placed[], share: number): Expected {
  const values = placed.map(({ value }) => value);
  return stated(percentile(values, share), placed, bootstrapped(placed, share));
}

function stated(
  value: number | null,
  { length }: readonly Placed[],
  { low, high }: { readonly low: number | null; readonly high: number | null },
): Expected {
  return value === null ? once(null, length) : { value, count: length, low, high };
}
