import { z } from "zod";
import { meanOf, summarize } from "../../statistics/distribution.ts";
import { stratifiedMean } from "../../statistics/stratified.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { RequestLatencies } from "../../evidence/request-latencies.ts";
import { isFailing } from "../cell/failures.ts";
import type { CellSummary } from "../cell/cell-summary.ts";
import { coverageSchema } from "../estimates/coverage.ts";
import { counted, estimateSchema, ratio, sumKnown, type Estimate } from "../estimates/estimate.ts";

/** What some tasks of a cell are worth by each of the workload's scores, and what that cost to serve. */
export const scoredTasksSchema = z.object({
  tasks: z.number().int(),
  /** Finished episodes, those without a score included. */
  episodes: z.number().int(),
  /** By name; 0..1. `count`: episodes that have it. */
  scores: z.record(z.string(), estimateSchema),
  judged: z.number().int(),
  passed: z.number().int(),
  ttftMsP50: z.number().nullable(),
  tokensPerEpisode: z.number().nullable(),
  secondsPerEpisode: z.number().nullable(),
  /** All tokens and seconds of these episodes over those that passed; null where none did. */
  tokensPerPassed: z.number().nullable(),
  secondsPerPassed: z.number().nullable(),
});
export type ScoredTasks = z.infer<typeof scoredTasksSchema>;

const scoreRowSchema = z.object({
  /** null: all groups. */
  group: z.string().nullable(),
  /** null: all tasks of the group. */
  task: z.string().nullable(),
  ...scoredTasksSchema.shape,
});
export type ScoreRow = z.infer<typeof scoreRowSchema>;

/** Scores of a run whose workload names them. */
export const scoreReportSchema = z.object({
  averaged: z.enum(["tasks", "groups"]),
  outOf: z.union([z.literal(1), z.literal(100)]),
  names: z.array(z.object({ name: z.string(), heading: z.string(), meaning: z.string() })),
  cells: z.array(
    z.object({
      cellId: z.string(),
      arm: z.string(),
      load: z.string(),
      /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
      variant: z.string().optional(),
      /** Who is left over in such a cell is no sample of its tasks: no score is stated. */
      failing: z.boolean(),
      /** What all its scores are of; absent where nothing says what the whole would be. */
      coverage: coverageSchema.optional(),
      /** All tasks, then each group, then each task of it. */
      rows: z.array(scoreRowSchema),
    }),
  ),
});
export type ScoreReport = z.infer<typeof scoreReportSchema>;

type ScoreNames = NonNullable<RunJson["scores"]>;

/** A cell with what its scores and their cost are read from. */
export interface ScoredCell {
  readonly summary: Pick<CellSummary, "cellId" | "arm" | "load" | "variant" | "reasons" | "coverage">;
  /** The records that count. */
  readonly episodes: readonly EpisodeRecord[];
  /** Of the measured ones. */
  readonly latencies: ReadonlyMap<string, RequestLatencies>;
}

/** null of a workload that names no scores. Pure. */
export function scoreReport(
  names: ScoreNames | undefined,
  cells: readonly Pick<ScoredCell, "summary" | "latencies">[],
  episodes: readonly EpisodeRecord[],
): ScoreReport | null {
  if (names === undefined) return null;
  const byCell = Map.groupBy(episodes, ({ cellId }) => cellId);
  return {
    ...names,
    cells: cells.map((cell) =>
      scoresOfCell(names, { ...cell, episodes: byCell.get(cell.summary.cellId) ?? [] }),
    ),
  };
}

function scoresOfCell(
  names: ScoreNames,
  { summary, episodes, latencies }: ScoredCell,
): ScoreReport["cells"][number] {
  const { cellId, arm, load, variant, coverage } = summary;
  const failing = isFailing(summary);
  const row = (of: Pick<ScoreRow, "group" | "task">, members: readonly EpisodeRecord[]): ScoreRow => ({
    ...of,
    ...scoredTasks(names, members, { failing, latencies }),
  });
  const groups = grouped(episodes, ({ domain }) => domain);
  return {
    cellId,
    arm,
    load,
    ...(variant !== undefined && { variant }),
    failing,
    ...(coverage && { coverage }),
    rows: [
      row({ group: null, task: null }, episodes),
      ...groups.flatMap(([group, ofGroup]) => [
        row({ group, task: null }, ofGroup),
        ...grouped(ofGroup, ({ taskId }) => taskId).map(([task, ofTask]) => row({ group, task }, ofTask)),
      ]),
    ],
  };
}

/** What these episodes of one cell are worth, and what they cost. @param names null: of whether they passed only */
export function scoredTasks(
  names: ScoreNames | null,
  episodes: readonly EpisodeRecord[],
  { failing, latencies }: Pick<ScoredCell, "latencies"> & { readonly failing: boolean },
): ScoredTasks {
  return { ...scoresOf(names, episodes, failing), ...costOf(episodes, latencies) };
}

/** By name, so that all cells have the same order. */
function grouped(
  episodes: readonly EpisodeRecord[],
  nameOf: (episode: EpisodeRecord) => string,
): readonly (readonly [string, readonly EpisodeRecord[]])[] {
  return [...Map.groupBy(episodes, nameOf)].sort(([a], [b]) => (a < b ? -1 : 1));
}

function scoresOf(
  names: ScoreNames | null,
  episodes: readonly EpisodeRecord[],
  failing: boolean,
): Pick<ScoredTasks, "tasks" | "episodes" | "scores" | "judged" | "passed"> {
  const verdicts = episodes.flatMap((episode) => hasPassed(episode) ?? []);
  return {
    tasks: new Set(episodes.map(({ domain, taskId }) => JSON.stringify([domain, taskId]))).size,
    episodes: episodes.length,
    scores: Object.fromEntries(
      (names?.names ?? []).map(({ name }) => {
        const score = scoreOf(name, { averaged: names?.averaged ?? "tasks", episodes });
        return [name, failing ? counted(null, score.count) : score];
      }),
    ),
    judged: verdicts.length,
    passed: verdicts.filter(Boolean).length,
  };
}

/** Tasks count alike, or those of a group together as much as those of any other. */
function scoreOf(
  name: string,
  {
    averaged,
    episodes,
  }: { readonly averaged: ScoreNames["averaged"]; readonly episodes: readonly EpisodeRecord[] },
): Estimate {
  const values = episodes.flatMap(({ domain, taskId, scores = [] }) => {
    const value = scores.find((score) => score.name === name)?.value ?? null;
    return value === null ? [] : [{ domain, taskId, value }];
  });
  if (values.length === 0) return counted(null, 0);
  const groups = [...Map.groupBy(values, ({ domain }) => domain).values()].map((members) => [
    ...Map.groupBy(members, ({ taskId }) => taskId).values(),
  ]);
  const tasks = groups.reduce((sum, { length }) => sum + length, 0);
  const strata = groups.flatMap((group) =>
    group.map((members) => ({
      values: members.map(({ value }) => value),
      weight: averaged === "tasks" ? 1 / tasks : 1 / (groups.length * group.length),
    })),
  );
  const value = strata.reduce((sum, stratum) => sum + stratum.weight * meanOf(stratum.values), 0);
  const interval = stratifiedMean(strata, { confidence: 0.95 });
  return {
    value,
    count: values.length,
    low: interval === null ? null : Math.max(0, interval.low),
    high: interval === null ? null : Math.min(1, interval.high),
  };
}

type Cost = Pick<
  ScoredTasks,
  "ttftMsP50" | "tokensPerEpisode" | "secondsPerEpisode" | "tokensPerPassed" | "secondsPerPassed"
>;

/** Episodes that a failed part ended have cost their tokens, too. */
function costOf(episodes: readonly EpisodeRecord[], latencies: ReadonlyMap<string, RequestLatencies>): Cost {
  const tokens = sumKnown(
    episodes.flatMap(({ promptTokens, completionTokens }) => [promptTokens, completionTokens]),
  );
  const seconds = episodes.reduce((sum, { startedNs, endedNs }) => sum + (endedNs - startedNs) / 1e9, 0);
  const passed = episodes.filter((episode) => hasPassed(episode) === true).length;
  const ttft = episodes.flatMap(({ episodeId }) => latencies.get(episodeId)?.ttft ?? []);
  return {
    ttftMsP50: summarize(ttft).p50,
    tokensPerEpisode: ratio(tokens, episodes.length),
    secondsPerEpisode: ratio(seconds, episodes.length),
    tokensPerPassed: ratio(tokens, passed),
    secondsPerPassed: ratio(seconds, passed),
  };
}
