/**
 * Discounted return of every call of a trajectory, in call order: `return[i] = reward[i] + discount * return[i + 1]`. A
 * call without a reward counts as 0.
 */
export function discountedReturns(rewards: readonly (number | null)[], discount: number): number[] {
  let next = 0;
  return rewards
    .toReversed()
    .map((reward) => (next = (reward ?? 0) + discount * next))
    .reverse();
}
