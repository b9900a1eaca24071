import { ConfigError } from "../errors.ts";
import type { EpisodeRow } from "./episode-columns.ts";

/** Which episodes of a run are meant; what is absent does not matter. */
export interface EpisodeChoice {
  readonly failed?: boolean;
  readonly cell?: string;
  readonly arm?: string;
  /** A task's id, alone or behind its domain: `airline/12`. */
  readonly task?: string;
  readonly reward?: RewardTest;
}

/** Whether a reward is meant; null is that of an episode without one. */
export type RewardTest = (reward: number | null) => boolean;

/** Rewards are products of floats. */
const tolerance = 1e-6;

const comparisons: Readonly<Record<string, (reward: number, limit: number) => boolean>> = {
  "": (reward, limit) => Math.abs(reward - limit) <= tolerance,
  "<": (reward, limit) => reward < limit - tolerance,
  "<=": (reward, limit) => reward <= limit + tolerance,
  ">": (reward, limit) => reward > limit + tolerance,
  ">=": (reward, limit) => reward >= limit - tolerance,
};

/** `1`, `<0.5`, `>=0.9`, or `none`. @throws {ConfigError} */
export function parseRewardTest(text: string): RewardTest {
  if (text.trim() === "none") return (reward) => reward === null;
  const [, sign = "", number] = /^\s*(<=?|>=?)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  const compare = comparisons[sign];
  if (number === undefined || compare === undefined) {
    throw new ConfigError(
      `A reward cannot be ${JSON.stringify(text)}. Write a number (1), a limit (<0.5, >=0.9), or none for episodes without one.`,
    );
  }
  return (reward) => reward !== null && compare(reward, Number(number));
}

export function isChosen(row: EpisodeRow, { failed, cell, arm, task, reward }: EpisodeChoice): boolean {
  return (
    (failed !== true || row.status === "failed") &&
    (cell === undefined || row.cellId === cell) &&
    (arm === undefined || row.arm === arm) &&
    (task === undefined || row.taskId === task || `${row.domain}/${row.taskId}` === task) &&
    (reward === undefined || reward(row.reward))
  );
}
