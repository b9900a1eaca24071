import type { PairKey } from "../run-source.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import { secondsOf } from "../run-facts.ts";

/** The episodes of one task, trial, load and repetition: one for each arm, as far as they are finished. */
export interface TaskPair extends PairKey {
  readonly episodes: readonly EpisodeRow[];
}

const pairsByRows = new WeakMap<readonly EpisodeRow[], readonly TaskPair[]>();

/** Those with episodes of two arms or more, in the order in which the first of each ended. */
export function pairsOf(rows: readonly EpisodeRow[]): readonly TaskPair[] {
  const known = pairsByRows.get(rows);
  if (known !== undefined) return known;
  const pairs = grouped(rows).filter(({ episodes }) => episodes.some(({ arm }) => arm !== episodes[0]?.arm));
  pairsByRows.set(rows, pairs);
  return pairs;
}

/**
 * Without a text for each key: of a run of a hundred thousand episodes that goes on, they would be made again with every episode, and be
 * most of the memory that the view takes.
 */
function grouped(rows: readonly EpisodeRow[]): readonly TaskPair[] {
  const loads = new Map<string, Map<number, Map<string, Map<string, Map<number, EpisodeRow[]>>>>>();
  const groups: TaskPair[] = [];
  for (const row of rows) {
    const { load, repetition, domain, taskId, trial } = row;
    const repetitions = within(loads, load, () => new Map());
    const domains = within(repetitions, repetition, () => new Map());
    const tasks = within(domains, domain, () => new Map());
    const trials = within(tasks, taskId, () => new Map());
    const episodes = within(trials, trial, () => {
      const members: EpisodeRow[] = [];
      groups.push({ load, repetition, domain, taskId, trial, episodes: members });
      return members;
    });
    episodes.push(row);
  }
  return groups;
}

function within<Key, Of>(groups: Map<Key, Of>, key: Key, make: () => Of): Of {
  const known = groups.get(key);
  if (known !== undefined) return known;
  const made = make();
  groups.set(key, made);
  return made;
}

/** Whether the arms came to unlike ends: another status, another failed part, or another reward. */
export function differs({ episodes }: Pick<TaskPair, "episodes">): boolean {
  const [first, ...others] = episodes;
  return first !== undefined && others.some((other) => !isAlike(first, other));
}

/** Products of floats: a reward of 0.1 + 0.2 is one of 0.3. */
const rewardTolerance = 1e-6;

function isAlike(one: EpisodeRow, other: EpisodeRow): boolean {
  const isSameReward =
    one.reward === null || other.reward === null
      ? one.reward === other.reward
      : Math.abs(one.reward - other.reward) <= rewardTolerance;
  return one.status === other.status && one.failure === other.failure && isSameReward;
}

/** From the fastest arm to the slowest, in seconds. */
export function spreadSeconds({ episodes }: Pick<TaskPair, "episodes">): number {
  const seconds = episodes.map(secondsOf);
  return Math.max(...seconds) - Math.min(...seconds);
}
