import { wilsonInterval } from "../measure/wilson.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { Estimate } from "./estimate.ts";

/** tau2 counts a reward of 1 as passed; the tolerance absorbs products of floats. */
export function isPassed(reward: number): boolean {
  return reward >= 1 - 1e-6;
}

/** Share of `passes` in `count` with Wilson's 95 % score interval. */
export function passRate(passes: number, count: number): Estimate {
  const interval = wilsonInterval(passes, count, { confidence: 0.95 });
  if (interval === null) return { value: null, count, low: null, high: null };
  return { value: interval.estimate, count, low: interval.low, high: interval.high };
}

/** Chance that all of k trials of a task pass, averaged over tasks with at least k judged trials. */
export interface PassHatK {
  readonly k: number;
  /** null when no task has k judged trials. */
  readonly value: number | null;
  readonly tasks: number;
}

/** pass^1 .. pass^trials by tau2's unbiased estimator C(passes, k) / C(trials, k). */
export function passHatK(episodes: readonly EpisodeRecord[]): readonly PassHatK[] {
  const tasks = new Map<string, { passes: number; trials: number }>();
  for (const { domain, taskId, reward } of episodes) {
    if (reward === null) continue;
    const key = JSON.stringify([domain, taskId]);
    const { passes, trials } = tasks.get(key) ?? { passes: 0, trials: 0 };
    tasks.set(key, { passes: passes + (isPassed(reward) ? 1 : 0), trials: trials + 1 });
  }
  const most = Math.max(0, ...[...tasks.values()].map(({ trials }) => trials));
  return Array.from({ length: most }, (_, index) => {
    const k = index + 1;
    const eligible = [...tasks.values()].filter(({ trials }) => trials >= k);
    const sum = eligible.reduce((total, { passes, trials }) => total + allPass({ passes, trials, k }), 0);
    return { k, value: eligible.length === 0 ? null : sum / eligible.length, tasks: eligible.length };
  });
}

/** C(passes, k) / C(trials, k) without large factorials. */
function allPass(task: { readonly passes: number; readonly trials: number; readonly k: number }): number {
  let chance = 1;
  for (let drawn = 0; drawn < task.k; drawn += 1) chance *= (task.passes - drawn) / (task.trials - drawn);
  return Math.max(0, chance);
}
