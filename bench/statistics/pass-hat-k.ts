/** tau2 counts a reward of 1 as passed, and no other; the tolerance absorbs products of floats. */
export function isPassed(reward: number): boolean {
  return Math.abs(reward - 1) <= 1e-6;
}

/** pass^k of one task: C(passes, k) / C(trials, k), the chance that k of its trials all pass. Needs k <= trials. */
export function allPassChance(task: {
  readonly passes: number;
  readonly trials: number;
  readonly k: number;
}): number {
  let chance = 1;
  for (let drawn = 0; drawn < task.k; drawn += 1) chance *= (task.passes - drawn) / (task.trials - drawn);
  return Math.max(0, chance);
}
