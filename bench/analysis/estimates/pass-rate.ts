import { allPassChances } from "../../statistics/pass-hat-k.ts";
import { boundedMeanInterval, wilsonInterval } from "../../statistics/wilson.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { clusterIntervals } from "./cluster-interval.ts";
import type { Estimate } from "./estimate.ts";

/**
 * Share of passed among judged episodes, with Wilson's interval over episodes, which does not shrink to nothing at 0 and
 * 1. With several trials a task a t bootstrap over tasks widens it, because trials of one task are alike.
 */
export function passRate(episodes: readonly EpisodeRecord[]): Estimate {
  const outcomes = episodes.flatMap((episode) => {
    const passed = hasPassed(episode);
    return passed === null ? [] : [{ value: passed ? 1 : 0, cluster: taskKey(episode) }];
  });
  const passes = outcomes.reduce((sum, { value }) => sum + value, 0);
  const count = outcomes.length;
  const wilson = wilsonInterval(passes, count, { confidence: 0.95 });
  if (wilson === null) return { value: null, count, low: null, high: null };
  const tasks = new Set(outcomes.map(({ cluster }) => cluster)).size;
  const byTask = tasks === count ? wilson : (clusterIntervals(outcomes)?.mean ?? wilson);
  return {
    value: wilson.estimate,
    count,
    low: Math.min(wilson.low, byTask.low),
    high: Math.max(wilson.high, Math.min(1, byTask.high)),
  };
}

/** Identity of a task across trials, arms and cells. */
export function taskKey({ domain, taskId }: EpisodeRecord): string {
  return JSON.stringify([domain, taskId]);
}

/** Chance that all of k trials of a task pass, averaged over tasks with at least k judged trials. */
export interface PassHatK {
  readonly k: number;
  /** null when no task has k judged trials. */
  readonly value: number | null;
  readonly tasks: number;
  /** 95 % interval over tasks, because the trials of one task are alike. */
  readonly low: number | null;
  readonly high: number | null;
}

/** pass^1 .. pass^trials by tau2's unbiased estimator C(passes, k) / C(trials, k). */
export function passHatK(episodes: readonly EpisodeRecord[]): readonly PassHatK[] {
  const tasks = new Map<string, { passes: number; trials: number }>();
  for (const episode of episodes) {
    const passed = hasPassed(episode);
    if (passed === null) continue;
    const key = taskKey(episode);
    const { passes, trials } = tasks.get(key) ?? { passes: 0, trials: 0 };
    tasks.set(key, { passes: passes + (passed ? 1 : 0), trials: trials + 1 });
  }
  const byTask = [...tasks.values()].map(allPassChances);
  const most = byTask.reduce((longest, { length }) => Math.max(longest, length), 0);
  return Array.from({ length: most }, (_, index) => {
    const k = index + 1;
    const chances = byTask.flatMap((own) => own[index] ?? []);
    const interval = boundedMeanInterval(chances, { confidence: 0.95 });
    return {
      k,
      value: interval?.estimate ?? null,
      tasks: chances.length,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
    };
  });
}
