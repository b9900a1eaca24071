/** tau2 counts a reward of 1 as passed, and no other; the tolerance absorbs products of floats. */
export function isPassed(reward: number): boolean {
  return Math.abs(reward - 1) <= 1e-6;
}

/** pass^1 .. pass^trials of one task: C(passes, k) / C(trials, k), the chance that k of its trials all pass. */
export function allPassChances(task: { readonly passes: number; readonly trials: number }): Float64Array {
  const chances = new Float64Array(task.trials);
  let chance = 1;
  for (let drawn = 0; drawn < task.trials; drawn += 1) {
    chance *= (task.passes - drawn) / (task.trials - drawn);
    chances[drawn] = Math.max(0, chance);
  }
  return chances;
}

/** pass^k of one task. Needs k <= trials. */
export function allPassChance({
  k,
  ...task
}: {
  readonly passes: number;
  readonly trials: number;
  readonly k: number;
}): number {
  return allPassChances(task)[k - 1] ?? 1;
}
