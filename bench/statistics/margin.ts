import { halfWidth, judgeMargin, type Interval, type MarginVerdict } from "./interval.ts";
import { studentTQuantile } from "./reference-distributions.ts";

/** A difference that counts as nothing, declared before anything was measured. */
export type Margin =
  { readonly kind: "absolute"; readonly ms: number } | { readonly kind: "share"; readonly share: number };

const marginPattern = /^[±]?\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|%)$/;
const milliseconds: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1000 };

/** Reads `1ms`, `±0.5 ms`, `2s`, `1%`; null for anything else, and for a margin of 0, which nothing lies inside. */
export function parseMargin(text: string): Margin | null {
  const [, number, unit = ""] = marginPattern.exec(text.trim()) ?? [];
  const amount = Number(number);
  if (!(amount > 0)) return null;
  if (unit === "%") return { kind: "share", share: amount / 100 };
  return { kind: "absolute", ms: amount * (milliseconds[unit] ?? Number.NaN) };
}

/** The margin in milliseconds; null for a share of a baseline that is not known. */
export function marginMs(margin: Margin, baselineMs: number | null): number | null {
  if (margin.kind === "absolute") return margin.ms;
  return baselineMs === null ? null : margin.share * Math.abs(baselineMs);
}

export interface MarginFinding {
  readonly verdict: MarginVerdict;
  /** Further units (blocks) that would tell, if they scatter like those so far; null: told, or no number would. */
  readonly moreUnits: number | null;
}

/** More units than this cannot be run: then no number is given. */
const unitsMax = 1e6;

/**
 * What a t interval says about a margin in its unit, and how many more units it would take where it cannot tell: until
 * the half-width is the distance between estimate and margin. An estimate on the margin itself is never told.
 */
export function findMargin(interval: Interval, margin: number): MarginFinding {
  const verdict = judgeMargin(interval, margin);
  if (verdict !== "cannot-tell") return { verdict, moreUnits: null };
  const distance = Math.abs(margin - Math.abs(interval.estimate));
  const { units, confidence } = interval;
  const t = (count: number) => studentTQuantile(1 - (1 - confidence) / 2, count - 1);
  const deviation = (halfWidth(interval) * Math.sqrt(units)) / t(units);
  const half = (count: number) => (t(count) * deviation) / Math.sqrt(count);
  if (half(unitsMax) > distance) return { verdict, moreUnits: null };
  let [low, high] = [units, unitsMax];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (half(middle) <= distance) high = middle;
    else low = middle + 1;
  }
  return { verdict, moreUnits: Math.max(1, high - units) };
}
