import { meanOf, standardDeviation } from "./distribution.ts";

/**
 * Index of dispersion of counts: variance over mean of the number of events in consecutive windows. 1 for Poisson
 * arrivals at any window length, near 0 for a constant rate, above 1 for bursts. Times may be unsorted and in any unit,
 * the same as `window`'s; the last, incomplete window is left out. null below two complete windows or without events.
 */
export function indexOfDispersion(
  times: readonly number[],
  options: { readonly start: number; readonly end: number; readonly window: number },
): number | null {
  const { start, end, window } = options;
  const windows = Math.floor((end - start) / window);
  if (windows < 2) return null;
  const counts = Array.from({ length: windows }, () => 0);
  for (const time of times) {
    const index = Math.floor((time - start) / window);
    if (index >= 0 && index < windows) counts[index] = (counts[index] ?? 0) + 1;
  }
  const mean = meanOf(counts);
  return mean === 0 ? null : standardDeviation(counts) ** 2 / mean;
}

/** Coefficient of variation of the gaps between events: 0 for a constant rate, 1 for Poisson. null below two gaps. */
export function gapVariation(times: readonly number[]): number | null {
  const gaps = gapsOf(times);
  if (gaps.length < 2) return null;
  const mean = meanOf(gaps);
  return mean === 0 ? null : standardDeviation(gaps) / mean;
}

function gapsOf(times: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(times).sort();
  return Array.from(
    { length: Math.max(0, sorted.length - 1) },
    (_, index) => (sorted[index + 1] ?? 0) - (sorted[index] ?? 0),
  );
}
