/** A generated token as a server tells of it, in nats. */
export interface TokenChances {
  readonly logprob: number;
  /** Of the likeliest tokens at its place. */
  readonly top: readonly number[];
}

export type MeanChances =
  { readonly entropy: number | null; readonly logprob: number } | { readonly why: string };

/** Rounded numbers may end a little above 0. */
const isPossible = (logprob: number) => Number.isFinite(logprob) && logprob <= 1e-3;

/**
 * Means over the tokens of an answer: the entropy of the alternatives of each, renormalised to what was told of them, and the
 * log-probability. Entropy is null where no token has two alternatives: of one alternative nothing can be said.
 */
export function meanChances(tokens: readonly TokenChances[]): MeanChances {
  if (tokens.length === 0) return { why: "the server gives no log-probabilities" };
  for (const { logprob, top } of tokens) {
    const impossible = [logprob, ...top].find((one) => !isPossible(one));
    if (impossible !== undefined) return { why: `the server gives a log-probability of ${impossible}` };
  }
  const entropies = tokens.flatMap(({ top }) => entropyOf(top) ?? []);
  const hasAlternatives = tokens.some(({ top }) => top.length > 1);
  return {
    entropy: hasAlternatives && entropies.length > 0 ? mean(entropies) : null,
    logprob: mean(tokens.map(({ logprob }) => logprob)),
  };
}

/** null: nothing is told of the token's place. */
function entropyOf(top: readonly number[]): number | null {
  const chances = top.map((logprob) => Math.exp(logprob));
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  if (total <= 0) return null;
  const logs = chances
    .map((chance) => chance / total)
    .map((share) => (share > 0 ? share * Math.log(share) : 0));
  return -logs.reduce((sum, one) => sum + one, 0);
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
