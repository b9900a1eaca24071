import { integral } from "./quadrature.ts";

/**
 * Wilcoxon's signed-rank test, two-sided: exact up to 50 differences that are all unlike and none 0, else by the normal distribution with
 * its correction for ties. null where every difference is 0.
 */
export function signedRankChance(differences: readonly number[]): number | null {
  const some = differences.filter((difference) => difference !== 0);
  if (some.length === 0) return null;
  const sizes = some.map(Math.abs).sort((a, b) => a - b);
  const place = (size: number) => (sizes.indexOf(size) + sizes.lastIndexOf(size)) / 2 + 1;
  const sum = some.reduce(
    (ranks, difference) => (difference > 0 ? ranks + place(Math.abs(difference)) : ranks),
    0,
  );
  const count = some.length;
  const unlike = new Set(sizes).size === count && count === differences.length;
  return Math.min(1, unlike && count <= 50 ? exactChance(sum, count) : normalChance(sum, sizes));
}

/** Of all 2^count ways to give signs to the ranks, how many lie at least as far out: counted by the number of ways to make each sum. */
function exactChance(sum: number, count: number): number {
  const most = (count * (count + 1)) / 2;
  const ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= count; rank += 1)
    for (let at = most; at >= rank; at -= 1) ways[at] = (ways[at] ?? 0) + (ways[at - rank] ?? 0);
  const tail = ways.slice(0, Math.min(sum, most - sum) + 1).reduce((all, one) => all + one, 0);
  return (2 * tail) / 2 ** count;
}

function normalChance(sum: number, sizes: readonly number[]): number {
  const count = sizes.length;
  const ties = [...Map.groupBy(sizes, (size) => size).values()].map(({ length }) => length ** 3 - length);
  const variance =
    (count * (count + 1) * (2 * count + 1)) / 24 - ties.reduce((all, one) => all + one, 0) / 48;
  const z = Math.abs(sum - (count * (count + 1)) / 4) / Math.sqrt(variance);
  const tail = integral((x) => Math.exp((-x * x) / 2), z, z + 14) / Math.sqrt(2 * Math.PI);
  return 2 * tail;
}
