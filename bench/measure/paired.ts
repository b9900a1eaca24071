import { meanOf, standardDeviation } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { fairBinomialCdf, studentTQuantile } from "./reference-distributions.ts";
import type { Rng } from "./rng.ts";

/**
 * Mean of paired differences (target - baseline) with a t interval over independent units. `blocks` are the units:
 * each holds the differences of one ABBA block or one episode, and enters with its mean, so that what drifts between
 * blocks is in the interval. null below two blocks that hold differences.
 *
 * The t interval is used because runs have few blocks: below about 20 units bootstrap intervals of a mean are too narrow.
 */
export function pairedDifference(
  blocks: readonly (readonly number[])[],
  options: { readonly confidence: number },
): Interval | null {
  const means = blocks.filter((block) => block.length > 0).map(meanOf);
  if (means.length < 2) return null;
  const estimate = meanOf(means);
  const { confidence } = options;
  const t = studentTQuantile(1 - (1 - confidence) / 2, means.length - 1);
  const half = (t * standardDeviation(means)) / Math.sqrt(means.length);
  const method = "t interval over block means of paired differences";
  return { estimate, low: estimate - half, high: estimate + half, confidence, method, units: means.length };
}

/**
 * Blocks needed in all for {@link pairedDifference} to reach half-width `target`, if further blocks scatter like these.
 * null when there are fewer than two blocks to judge from; never below two.
 */
export function blocksForHalfWidth(
  blocks: readonly (readonly number[])[],
  options: { readonly confidence: number; readonly target: number },
): number | null {
  const means = blocks.filter((block) => block.length > 0).map(meanOf);
  if (means.length < 2) return null;
  const deviation = standardDeviation(means);
  const half = (count: number) =>
    (studentTQuantile(1 - (1 - options.confidence) / 2, count - 1) * deviation) / Math.sqrt(count);
  let high = 2;
  while (half(high) > options.target) {
    if (high > 1e9) return null;
    high *= 2;
  }
  let low = 2;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (half(middle) <= options.target) high = middle;
    else low = middle + 1;
  }
  return high;
}

export interface TestResult {
  /** Two-sided: chance of a result at least this far from "no difference", if there were none. */
  readonly pValue: number;
  readonly method: string;
  /** Differences that took part. */
  readonly used: number;
  /** Differences of exactly zero, which say nothing about direction and were left out; 0 where they take part. */
  readonly ties: number;
}

/** Exact sign test of "as often above as below". null when every difference is zero. Robust to any outlier. */
export function signTest(differences: readonly number[]): TestResult | null {
  const above = differences.filter((difference) => difference > 0).length;
  const under = differences.filter((difference) => difference < 0).length;
  const used = above + under;
  if (used === 0) return null;
  const pValue = Math.min(1, 2 * fairBinomialCdf(Math.min(above, under), used));
  return { pValue, method: "exact sign test", used, ties: differences.length - used };
}

/** Up to this many differences all 2^n sign patterns are tried. */
const exactPermutationsMax = 16;

/**
 * Sign-flip permutation test of "the mean difference is zero": if the arms were equal, each difference could as well
 * have had the other sign. Exact up to 16 differences, else from `draws` random patterns (the observed one included).
 * null for no differences.
 */
export function permutationTest(
  differences: readonly number[],
  options: { readonly draws: number; readonly rng: Rng },
): TestResult | null {
  const used = differences.length;
  if (used === 0) return null;
  const observed = Math.abs(sumWithSigns(differences, () => false));
  // Sums of the same numbers in another order differ in the last bits; they must count as equal.
  const slack = 1e-12 * differences.reduce((sum, difference) => sum + Math.abs(difference), 0);
  const asFar = (flipped: (index: number) => boolean) =>
    Math.abs(sumWithSigns(differences, flipped)) >= observed - slack;
  if (used <= exactPermutationsMax) {
    let hits = 0;
    for (let pattern = 0; pattern < 2 ** used; pattern++)
      if (asFar((index) => ((pattern >> index) & 1) === 1)) hits++;
    return { pValue: hits / 2 ** used, method: "exact sign-flip permutation test", used, ties: 0 };
  }
  let hits = 1;
  for (let draw = 0; draw < options.draws; draw++) if (asFar(() => options.rng.next() < 0.5)) hits++;
  const method = `sign-flip permutation test, ${options.draws} draws`;
  return { pValue: hits / (options.draws + 1), method, used, ties: 0 };
}

function sumWithSigns(values: readonly number[], flipped: (index: number) => boolean): number {
  let sum = 0;
  for (const [index, value] of values.entries()) sum += flipped(index) ? -value : value;
  return sum;
}
