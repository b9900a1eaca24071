import { meanOf, percentile, standardDeviation } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { normalCdf, studentTQuantile } from "./reference-distributions.ts";

/**
 * Mean of paired differences (target - baseline) with a t interval over independent units. `blocks` are the units:
 * each holds the differences of one ABBA block or one episode, and enters with its mean, so that what drifts between
 * blocks is in the interval. With its median, a few that something else held up do not count. null below two blocks that hold differences.
 *
 * The t interval is used because runs have few blocks: below about 20 units bootstrap intervals of a mean are too narrow.
 */
export function pairedDifference(
  blocks: readonly (readonly number[])[],
  options: { readonly confidence: number; readonly centre?: "mean" | "median" },
): Interval | null {
  const { confidence, centre = "mean" } = options;
  const means = blocks.filter((block) => block.length > 0).map(centre === "mean" ? meanOf : medianOf);
  if (means.length < 2) return null;
  const estimate = meanOf(means);
  const t = studentTQuantile(1 - (1 - confidence) / 2, means.length - 1);
  const half = (t * standardDeviation(means)) / Math.sqrt(means.length);
  const method = `t interval over block ${centre}s of paired differences`;
  return { estimate, low: estimate - half, high: estimate + half, confidence, method, units: means.length };
}

function medianOf(values: readonly number[]): number {
  return percentile(values, 0.5) ?? Number.NaN;
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

/** Up to this many differences the distribution of the rank sum is computed, not approximated. */
const exactRanksMax = 50;

/**
 * Wilcoxon's signed-rank test of "the differences lie evenly around 0": outliers count by rank only. Zeros are left out (Wilcoxon 1945). Exact up to 50 differences without ties among their sizes,
 * else normal with the correction for ties and none for continuity, as SciPy's default. null when all are zero.
 */
export function wilcoxonTest(differences: readonly number[]): TestResult | null {
  const nonZero = differences.filter((difference) => difference !== 0);
  const used = nonZero.length;
  if (used === 0) return null;
  const { ranks, ties } = ranksOf(nonZero.map(Math.abs));
  const above = ranks.reduce((sum, rank, index) => ((nonZero[index] ?? 0) > 0 ? sum + rank : sum), 0);
  const zeros = differences.length - used;
  if (ties.length === 0 && zeros === 0 && used <= exactRanksMax) {
    const chances = rankSumChances(used);
    const below = chances.slice(0, above + 1).reduce((sum, chance) => sum + chance, 0);
    const beyond = chances.slice(above).reduce((sum, chance) => sum + chance, 0);
    return {
      pValue: Math.min(1, 2 * Math.min(below, beyond)),
      method: "exact signed-rank test",
      used,
      ties: 0,
    };
  }
  const mean = (used * (used + 1)) / 4;
  const tied = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = (used * (used + 1) * (2 * used + 1)) / 24 - tied / 48;
  const z = -Math.abs(above - mean) / Math.sqrt(variance);
  return { pValue: Math.min(1, 2 * normalCdf(z)), method: "signed-rank test, normal", used, ties: zeros };
}

/** Ranks from 1, equal values sharing the mean of theirs; `ties` are the sizes of those groups. */
function ranksOf(values: readonly number[]): {
  readonly ranks: readonly number[];
  readonly ties: readonly number[];
} {
  const groups = Map.groupBy(
    [...values].sort((a, b) => a - b),
    (value) => value,
  );
  const rankOf = new Map<number, number>();
  let before = 0;
  for (const [value, { length }] of groups) {
    rankOf.set(value, before + (length + 1) / 2);
    before += length;
  }
  const ties = [...groups.values()].flatMap(({ length }) => (length > 1 ? [length] : []));
  return { ranks: values.map((value) => rankOf.get(value) ?? Number.NaN), ties };
}

/** Chance of each sum 0 .. n(n+1)/2 of the ranks 1..n that carry a plus sign, when each does with chance 1/2. */
function rankSumChances(count: number): readonly number[] {
  let chances = [1];
  for (let rank = 1; rank <= count; rank++) {
    const longer = Array.from({ length: chances.length + rank }, () => 0);
    for (const [sum, chance] of chances.entries()) {
      longer[sum] = (longer[sum] ?? 0) + chance / 2;
      longer[sum + rank] = (longer[sum + rank] ?? 0) + chance / 2;
    }
    chances = longer;
  }
  return chances;
}
