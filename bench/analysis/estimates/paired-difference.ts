import { z } from "zod";
import type { Interval } from "../../statistics/interval.ts";
import { findMargin } from "../../statistics/margin.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { wilcoxonTest } from "../../statistics/paired.ts";
import { pairedMeans } from "./paired-means.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { estimateSchema, type Estimate } from "./estimate.ts";
import { taskKey } from "./pass-rate.ts";

/** What a difference says. `cannot-tell`: its interval holds zero, or there are too few pairs to state one. */
const findings = ["more", "less", "cannot-tell"] as const;

export const differenceSchema = z.object({
  /** Mean of (arm - baseline) over units, with a t interval over units; `count` is pairs of episodes. */
  difference: estimateSchema,
  /**
   * What the interval is over. Times drift from cell to cell, so with enough repetitions their units are pairs of cells;
   * with fewer, and for what does not drift (rewards, tokens), they are tasks.
   */
  unit: z.enum(["tasks", "cell pairs"]),
  /** Tasks with a pair. */
  tasks: z.number().int(),
  /** Repetitions with a pair: one cell of each arm, run at nearly the same time. */
  cellPairs: z.number().int(),
  baselineMean: z.number().nullable(),
  armMean: z.number().nullable(),
  finding: z.enum(findings),
  /** Wilcoxon's signed-rank test over the same units: a second opinion that no outlier can turn. null: all are equal. */
  signedRankP: z.number().nullable(),
  /** Against the margin that the experiment declared; null when it declared none. */
  margin: z
    .object({
      limit: z.number(),
      verdict: z.enum(["inside", "outside", "cannot-tell"]),
      /** Further units that would tell, if they scatter like these, and how long they would run. */
      moreUnits: z.number().int().nullable(),
      moreSeconds: z.number().nullable(),
    })
    .nullable(),
});
export type Difference = z.infer<typeof differenceSchema>;

/** Fewest tasks for which a finding is stated. */
export const minimumTasks = 5;
/** Fewest pairs of cells from which on they are the units of a time's interval, so that drift between cells is in it. */
export const minimumCellPairs = 3;

/** `counts` do not drift; `path` compares two taps on one request, `time` whole episodes in two cells. */
export type Kind = "counts" | "path" | "time";

/** One value of an episode, and what it is paired by. */
export interface EpisodeValue<Value = number> {
  readonly task: string;
  readonly repetition: number;
  /** Task, trial and repetition. */
  readonly pair: string;
  readonly value: Value;
}

export function episodeValue<Value>(episode: EpisodeRecord, value: Value): EpisodeValue<Value> {
  const task = taskKey(episode);
  const { trial, repetition } = episode;
  return { task, repetition, pair: JSON.stringify([task, trial, repetition]), value };
}

/** The same task, trial and repetition in both arms. */
export interface Pair<Value = number> {
  readonly task: string;
  readonly repetition: number;
  readonly base: Value;
  readonly target: Value;
}

export function pairUp<Value>(
  baseline: readonly EpisodeValue<Value>[],
  arm: readonly EpisodeValue<Value>[],
): readonly Pair<Value>[] {
  const before = new Map(baseline.map((value) => [value.pair, value]));
  return arm.flatMap(({ task, repetition, pair, value }) => {
    const base = before.get(pair);
    return base === undefined ? [] : [{ task, repetition, base: base.value, target: value }];
  });
}

export interface DifferenceOptions {
  readonly kind: Kind;
  /** Largest difference that counts as nothing, in the unit of the values; from the baseline's mean, null for none. */
  readonly margin?: (baselineMean: number) => number | null;
  /** How long one further unit would run in both arms, in seconds; null when that is not known. */
  readonly unitSeconds?: (unit: Difference["unit"]) => number | null;
}

/** Mean difference of pairs with its interval over tasks or pairs of cells, and what it says. */
export function differenceOf(pairs: readonly Pair[], options: DifferenceOptions): Difference {
  const tasks = new Set(pairs.map(({ task }) => task)).size;
  const cellPairs = new Set(pairs.map(({ repetition }) => repetition)).size;
  const { kind } = options;
  const unit = kind !== "counts" && cellPairs >= minimumCellPairs ? "cell pairs" : "tasks";
  const measured = pairs.map(({ task, repetition, base, target }) => {
    return { base, target, unit: unit === "tasks" ? task : repetition };
  });
  const { interval, count, baselineMean, armMean, units } = pairedMeans(measured);
  const { estimate: value = null, low = null, high = null } = interval ?? {};
  const difference: Estimate = { value, count, low, high };
  // Within one pair of cells an episode's time differs by what else the machine did, and no interval over tasks sees it.
  const supported = tasks >= minimumTasks && (kind !== "time" || unit === "cell pairs");
  return {
    difference,
    unit,
    tasks,
    cellPairs,
    baselineMean,
    armMean,
    finding: supported ? findingOf(difference) : "cannot-tell",
    signedRankP: wilcoxonTest(units.map(meanOf))?.pValue ?? null,
    margin: marginOf({ ...options, baselineMean, interval, supported, unit }),
  };
}

function findingOf({ low, high }: Estimate): Difference["finding"] {
  if (low === null || high === null) return "cannot-tell";
  if (low > 0) return "more";
  return high < 0 ? "less" : "cannot-tell";
}

function marginOf(
  facts: DifferenceOptions & {
    readonly baselineMean: number | null;
    readonly interval: Interval | null;
    readonly supported: boolean;
    readonly unit: Difference["unit"];
  },
): Difference["margin"] {
  const { baselineMean, interval, unit } = facts;
  const limit = baselineMean === null ? null : (facts.margin?.(baselineMean) ?? null);
  if (limit === null || interval === null) return null;
  const { verdict, moreUnits } = findMargin(interval, limit);
  // What is known about too few tasks, or one pair of cells, decides nothing; more of the same would not either.
  if (!facts.supported) return { limit, verdict: "cannot-tell", moreUnits: null, moreSeconds: null };
  const seconds = facts.unitSeconds?.(unit) ?? null;
  const moreSeconds = moreUnits === null || seconds === null ? null : moreUnits * seconds;
  return { limit, verdict, moreUnits, moreSeconds };
}
