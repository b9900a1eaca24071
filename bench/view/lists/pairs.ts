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
  const groups = Map.groupBy(rows, keyOf);
  const pairs = [...groups.values()].flatMap((episodes): TaskPair[] => {
    const [first] = episodes;
    if (first === undefined || episodes.every(({ arm }) => arm === first.arm)) return [];
    const { load, repetition, domain, taskId, trial } = first;
    return [{ load, repetition, domain, taskId, trial, episodes }];
  });
  pairsByRows.set(rows, pairs);
  return pairs;
}

/** The same text for equal keys only, whatever stands in them; made a hundred thousand times. */
function keyOf({ load, repetition, domain, taskId, trial }: PairKey): string {
  return `${repetition} ${trial} ${load.length} ${domain.length} ${load}${domain}${taskId}`;
}

/** Whether the arms came to unlike ends: another status, another failed part, or another reward. */
export function differs({ episodes }: Pick<TaskPair, "episodes">): boolean {
  const [first, ...others] = episodes.map(outcomeOf);
  return others.some((other) => other !== first);
}

function outcomeOf({ status, failure, reward }: EpisodeRow): string {
  // Products of floats: a reward of 0.1 + 0.2 is one of 0.3.
  return `${status}/${failure ?? ""}/${reward === null ? "none" : reward.toFixed(6)}`;
}

/** From the fastest arm to the slowest, in seconds. */
export function spreadSeconds({ episodes }: Pick<TaskPair, "episodes">): number {
  const seconds = episodes.map(secondsOf);
  return Math.max(...seconds) - Math.min(...seconds);
}
