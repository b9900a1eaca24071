import { discountedReturns } from "../tokens/returns.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

export interface CallReward {
  /** Given to this very call; null when none was. */
  readonly reward: number | null;
  /** Discounted return of the call. */
  readonly return: number;
}

/**
 * Reward and discounted return of every recorded call, in call order: `return[i] = reward[i] + discount * return[i + 1]`,
 * a call without a reward counting 0 in the sum (as AReaL's interaction cache does). The episode's reward stands at the
 * last call, also when it was judged after the run. null for an unjudged episode or one without recorded calls.
 */
export function callRewards({ record, recorded }: InlinedTrajectory, discount: number): CallReward[] | null {
  if (record.reward === null || recorded === null) return null;
  const last = recorded.calls.length - 1;
  const rewards = recorded.calls.map(({ reward }, index) => (index === last ? record.reward : reward));
  const returns = discountedReturns(rewards, discount);
  return rewards.map((reward, index) => ({ reward, return: returns[index] ?? 0 }));
}
