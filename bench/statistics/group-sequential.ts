/**
 * Looking at data while they are collected, honestly. Each look is one more chance to stop at a lucky moment, so the
 * error that may be made in all is shared out over the looks that are planned: with K looks each interval is stated at
 * confidence 1 - alpha / K. By Bonferroni's inequality all K hold together with probability 1 - alpha at least, so the one
 * at which the collection stops holds, whatever made it stop. Pocock (1977) and Lan & DeMets (1983, alpha spending) give
 * tighter plans for one-sided stopping; this one needs no assumption about how looks depend on each other.
 */
export interface InterimAnalyses {
  /** Numbers of blocks after which to look, ascending; the last is the most that is collected. */
  readonly at: readonly number[];
  /** Of each interval that is looked at, so that all hold together with the wanted one. */
  readonly confidence: number;
}

/** The first two looks are this far apart, as a ratio: few looks cost little confidence. */
const growth = 1.5;

/**
 * Looks after `first` blocks and then at growing distances up to `most`. With one look nothing is spent.
 * @param confidence wanted for all looks together, e.g. 0.95
 */
export function planLooks(first: number, most: number, confidence: number): InterimAnalyses {
  const at: number[] = [];
  for (let next = Math.min(first, most); next < most; next = Math.max(next + 1, Math.round(next * growth)))
    at.push(next);
  at.push(most);
  return { at, confidence: 1 - (1 - confidence) / at.length };
}
