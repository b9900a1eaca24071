import { isPassed } from "../statistics/pass-hat-k.ts";
import type { EpisodeRecord } from "./record.ts";

/**
 * Whether an episode passed: as its workload said of the reward, which may be a grade. Where that says nothing (runs of an older
 * Tollgate, rewards of a judge that was asked later) a reward of 1 passes, and no other. null without a reward.
 */
export function hasPassed({ reward, scores }: Pick<EpisodeRecord, "reward" | "scores">): boolean | null {
  if (reward === null) return null;
  const [first] = scores ?? [];
  if (first !== undefined && first.value === reward && first.passed !== null) return first.passed;
  return isPassed(reward);
}
