import type { Sample } from "./exposition.ts";

/**
 * How much of a printed number is known. A program that writes six digits (C++ streams by default) writes 1905113 as
 * `1.90511e+06`; one that writes what it has (Go, Python) writes `1.905113e+06`, and 1500000 as `1.5e+06` like the first.
 */
export interface PageResolution {
  /** The true value lies within this of the printed one; 0 for a number that is exact. */
  readonly plusMinus: number;
  /** Significant digits to which the page prints; null for a number that is exact. */
  readonly digits: number | null;
}

export const exact: PageResolution = { plusMinus: 0, digits: null };

/** What C++ streams and `%g` write unless told otherwise: fewer digits than that may be zeros that were left out. */
const usualDigits = 6;
/** With so many digits a sum of seconds is exact for every purpose here. */
const manyDigits = 9;
const exactIntegerMax = 2 ** 53;

/** Tells how much is known of the numbers of one server's pages; all pages of a comparison together show how it prints. */
export function resolutionOf(pages: readonly (readonly Sample[])[]): (sample: Sample) => PageResolution {
  const counts = new Map<string, { digits: number; exponent: number }>();
  const sums = new Map<string, number>();
  for (const sample of pages.flat()) {
    const space = namespaceOf(sample.name);
    if (sample.role === "sum") sums.set(space, Math.max(sums.get(space) ?? 0, sample.printed.digits));
    else if (isCount(sample)) noteCount(counts, space, sample);
  }
  return (sample) => {
    const space = namespaceOf(sample.name);
    if (sample.role === "sum") return ofSum(sample, sums.get(space) ?? 0);
    return isCount(sample) ? ofCount(sample, counts.get(space) ?? { digits: 0, exponent: 0 }) : exact;
  };
}

/** A whole number unless something is wrong; only those in exponent form were ever rounded. */
function isCount({ kind, role }: Sample): boolean {
  return (
    role === "bucket" || role === "count" || (role === "value" && kind !== "gauge" && kind !== "summary")
  );
}

function noteCount(
  counts: Map<string, { digits: number; exponent: number }>,
  space: string,
  { printed: { digits, exponent } }: Sample,
): void {
  if (exponent === null || exponent < 0) return;
  const known = counts.get(space) ?? { digits: 0, exponent };
  counts.set(space, {
    digits: Math.max(known.digits, digits),
    exponent: Math.min(known.exponent, exponent),
  });
}

function ofCount(
  { value, printed: { exponent } }: Sample,
  written: { readonly digits: number; readonly exponent: number },
): PageResolution {
  if (!Number.isFinite(value)) return exact;
  if (exponent === null || exponent < 0) {
    const spacing = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
    return Math.abs(value) > exactIntegerMax ? { plusMinus: spacing / 2, digits: 16 } : exact;
  }
  // Who writes six digits needs no exponent below a million; one there tells of a program that writes fewer, or always one.
  const digits = Math.max(written.digits, written.exponent < usualDigits ? 0 : usualDigits);
  const lastPlace = 10 ** (exponent + leadingPlaces(value, exponent) - digits);
  return lastPlace <= 1 ? exact : { plusMinus: lastPlace / 2, digits };
}

/** Places before the point of the mantissa: 1 in `1.9e6`, 2 in `19e5`. */
function leadingPlaces(value: number, exponent: number): number {
  return value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value)) + 1e-12) - exponent + 1;
}

function ofSum({ value }: Sample, digitsMax: number): PageResolution {
  if (digitsMax >= manyDigits || !Number.isFinite(value) || value === 0) return exact;
  const digits = Math.max(usualDigits, digitsMax);
  const places = Math.floor(Math.log10(Math.abs(value)) + 1e-12) + 1;
  return { plusMinus: 10 ** (places - digits) / 2, digits };
}

/** What programs print with one and the same code: `llamacpp:`; names without a colon stand together. */
function namespaceOf(name: string): string {
  return name.slice(0, name.indexOf(":") + 1);
}

/** Of a sum or a difference: bounds add, and the coarser page names the digits. */
export function together(parts: readonly PageResolution[]): PageResolution {
  const coarse = parts.filter(({ plusMinus }) => plusMinus > 0);
  if (coarse.length === 0) return exact;
  return {
    plusMinus: coarse.reduce((sum, { plusMinus }) => sum + plusMinus, 0),
    digits: Math.min(...coarse.map(({ digits }) => digits ?? Number.POSITIVE_INFINITY)),
  };
}

/** `the counter is printed to 6 digits, ±10`; null for what is exact. */
export function resolutionText({ plusMinus, digits }: PageResolution): string | null {
  return plusMinus === 0 ? null : `the counter is printed to ${digits ?? "few"} digits, ±${plusMinus}`;
}
