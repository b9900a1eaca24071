import type { EpisodeRecord } from "../../store/record.ts";
import { overUnits, unitMeans } from "../numbers/draws.ts";
import { signedRankChance } from "../numbers/signed-rank.ts";
import { mean } from "../numbers/samples.ts";
import { taskOf } from "./cell.ts";
import { NotCovered, type Expected } from "./figure.ts";

/** A value of an episode, with what it is paired by. */
export interface OfEpisode {
  readonly task: string;
  readonly trial: number;
  readonly repetition: number;
  readonly value: number;
}

export function ofEpisode(episode: EpisodeRecord, value: number, repetition = episode.repetition): OfEpisode {
  return { task: taskOf(episode), trial: episode.trial, repetition, value };
}

/** Fewest repetitions from which on times are compared over them, and not over tasks. */
const fewestRepetitions = 3;

/** The same task, trial and repetition in both arms: mean difference with Student's interval over tasks, or over repetitions of times. */
export function differenceFigures(
  baseline: readonly OfEpisode[],
  arm: readonly OfEpisode[],
  isTime: boolean,
): { readonly [name: string]: Expected } {
  const key = ({ task, trial, repetition }: OfEpisode) => JSON.stringify([task, trial, repetition]);
  const before = new Map(baseline.map((one) => [key(one), one.value]));
  const pairs = arm.flatMap((one) => {
    const base = before.get(key(one));
    return base === undefined ? [] : [{ ...one, base }];
  });
  const tasks = new Set(pairs.map(({ task }) => task)).size;
  const cellPairs = new Set(pairs.map(({ repetition }) => repetition)).size;
  const unit = isTime && cellPairs >= fewestRepetitions ? "cell pairs" : "tasks";
  const placed = pairs.map(({ task, repetition, value, base }) => ({
    value: value - base,
    unit: unit === "tasks" ? task : String(repetition),
  }));
  const { value = null, low = null, high = null } = overUnits(placed) ?? {};
  return {
    difference: { value, count: pairs.length, low, high },
    unit,
    tasks,
    cellPairs,
    baselineMean: mean(pairs.map(({ base }) => base)),
    armMean: mean(pairs.map((one) => one.value)),
    finding: new NotCovered("a word"),
    signedRankP: signedRankChance(unitMeans(placed)),
    margin: new NotCovered("what a declared margin says, and how many units more would tell"),
  };
}
