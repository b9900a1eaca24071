import { wordsOf } from "./python-text.ts";

/** Words of one text; what is longer takes longer to compare than anybody waits. */
export const rougeWordsMax = 20_000;

/**
 * ROUGE-L of two texts: F1 of their longest common subsequence of words. 0 where one has no words; null where one has more than can
 * be compared.
 */
export function rougeL(one: string, other: string): number | null {
  const left = wordsOf(one);
  const right = wordsOf(other);
  if (left.length === 0 || right.length === 0) return 0;
  if (Math.max(left.length, right.length) > rougeWordsMax) return null;
  const common = commonLength(left, right);
  const precision = common / right.length;
  const recall = common / left.length;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Length of the longest common subsequence. What both begin and end with is in one of the longest, and need not be looked for. */
function commonLength(left: readonly string[], right: readonly string[]): number {
  let from = 0;
  const shorter = Math.min(left.length, right.length);
  while (from < shorter && left[from] === right[from]) from++;
  let ends = 0;
  while (ends < shorter - from && left.at(-1 - ends) === right.at(-1 - ends)) ends++;
  const [a, b] = numbered(left.slice(from, left.length - ends), right.slice(from, right.length - ends));
  return from + ends + commonOf(a, b);
}

/** Row by row of the table of all beginnings. */
function commonOf(left: Uint32Array, right: Uint32Array): number {
  const row = new Uint32Array(right.length + 1);
  for (const word of left) {
    let before = 0;
    for (let at = 1; at < row.length; at++) {
      const above = row[at] ?? 0;
      row[at] = word === right[at - 1] ? before + 1 : Math.max(above, row[at - 1] ?? 0);
      before = above;
    }
  }
  return row.at(-1) ?? 0;
}

/** A number for each word: those are compared faster. */
function numbered(left: readonly string[], right: readonly string[]): readonly [Uint32Array, Uint32Array] {
  const known = new Map<string, number>();
  const numberOf = (word: string) => {
    const found = known.get(word) ?? known.size;
    known.set(word, found);
    return found;
  };
  return [Uint32Array.from(left, numberOf), Uint32Array.from(right, numberOf)];
}
