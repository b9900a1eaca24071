import { z } from "zod";
import { pairedDifference } from "../measure/paired.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { CellSummary } from "./cell-summary.ts";
import { estimateSchema, type Estimate } from "./estimate.ts";
import { taskKey } from "./pass-rate.ts";
import type { JoinedPath, PathSample } from "./path-samples.ts";

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
});
export type Difference = z.infer<typeof differenceSchema>;

const pathSchema = z.object({
  requests: z.number().int(),
  joined: z.number().int(),
  unmatched: z.number().int(),
  retried: z.number().int(),
});

/** One arm against the baseline arm at one load. */
export const overheadSchema = z.object({
  load: z.string(),
  baseline: z.string(),
  arm: z.string(),
  /** Cells that it rests on, with their verdicts. */
  cells: z.array(z.object({ cellId: z.string(), verdict: z.string() })),
  /** Why there are no numbers; null when there are. */
  refused: z.string().nullable(),
  baselinePath: pathSchema,
  armPath: pathSchema,
  /** Milliseconds per request between the taps, arm minus baseline: the taps' own cost cancels. */
  pathMs: z.object({
    firstByte: differenceSchema,
    firstToken: differenceSchema,
    whole: differenceSchema,
  }),
  /** Per episode, paired by task, trial and repetition. */
  live: z.object({
    reward: differenceSchema,
    seconds: differenceSchema,
    requests: differenceSchema,
    promptTokens: differenceSchema,
    completionTokens: differenceSchema,
  }),
});
export type Overhead = z.infer<typeof overheadSchema>;

/** Fewest tasks for which a finding is stated. */
export const minimumTasks = 5;
/** Fewest pairs of cells from which on they are the units of a time's interval, so that drift between cells is in it. */
export const minimumCellPairs = 3;

/** `counts` do not drift; `path` compares two taps on one request, `time` whole episodes in two cells. */
type Kind = "counts" | "path" | "time";

/** A cell as a comparison needs it. */
export interface ComparedCell {
  readonly summary: CellSummary;
  /** Episodes of its used segments. */
  readonly episodes: readonly EpisodeRecord[];
  readonly path: JoinedPath;
}

/** Every other arm against the first raw arm, load by load. Without a raw arm there is nothing to compare with. */
export function compareArms(cells: readonly ComparedCell[]): readonly Overhead[] {
  const baseline = cells.find(({ summary }) => summary.armKind === "raw")?.summary.arm;
  if (baseline === undefined) return [];
  const loads = [...new Set(cells.map(({ summary }) => summary.load))];
  const arms = [...new Set(cells.map(({ summary }) => summary.arm))].filter((arm) => arm !== baseline);
  const cellsOf = (arm: string, load: string) =>
    cells.filter(({ summary }) => summary.arm === arm && summary.load === load);
  return loads.flatMap((load) =>
    arms.map((arm) => compareAt({ load, baseline, arm }, cellsOf(baseline, load), cellsOf(arm, load))),
  );
}

function compareAt(
  names: { readonly load: string; readonly baseline: string; readonly arm: string },
  baseline: readonly ComparedCell[],
  arm: readonly ComparedCell[],
): Overhead {
  const refused = refusal(baseline, arm);
  const [baselineUsed, armUsed] = refused === null ? [baseline, arm] : [[], []];
  const path = (of: (sample: PathSample) => number | null) =>
    pair(pathMeans(baselineUsed, of), pathMeans(armUsed, of), "path");
  const live = (of: (episode: EpisodeRecord) => number | null, kind: Kind = "counts") =>
    pair(episodeValues(baselineUsed, of), episodeValues(armUsed, of), kind);
  return {
    ...names,
    cells: [...baseline, ...arm].map(({ summary: { cellId, verdict } }) => ({ cellId, verdict })),
    refused,
    baselinePath: pathCounts(baseline),
    armPath: pathCounts(arm),
    pathMs: {
      firstByte: path(({ firstByteMs }) => firstByteMs),
      firstToken: path(({ firstTokenMs }) => firstTokenMs),
      whole: path(({ wholeMs }) => wholeMs),
    },
    live: {
      reward: live(({ reward }) => reward),
      seconds: live(
        ({ startedNs, endedNs, status }) => (status === "failed" ? null : (endedNs - startedNs) / 1e9),
        "time",
      ),
      requests: live(({ requests, status }) => (status === "failed" ? null : requests)),
      promptTokens: live(({ promptTokens, status }) => (status === "failed" ? null : promptTokens)),
      completionTokens: live(({ completionTokens, status }) =>
        status === "failed" ? null : completionTokens,
      ),
    },
  };
}

/** An overhead exists only between two ways to one engine process that ran through. */
function refusal(baseline: readonly ComparedCell[], arm: readonly ComparedCell[]): string | null {
  const all = [...baseline, ...arm];
  if (baseline.length === 0 || arm.length === 0) return "one of the arms has no cell at this load";
  const unusable = all.find(({ summary }) => summary.seconds === null);
  if (unusable !== undefined) return `cell ${unusable.summary.cellId} has no segment that ran to its end`;
  const broken = all.find(({ summary }) => ["engine-died", "engine-restarted"].includes(summary.verdict));
  if (broken !== undefined) return `cell ${broken.summary.cellId} is ${broken.summary.verdict}`;
  const identities = new Set(
    all.map(({ summary }) => summary.agentEngineIdentity).filter((id) => id !== null),
  );
  if (identities.size > 1) return "different engines: the arms did not reach the same engine process";
  const unknown = all.find(({ summary }) => !reachedOurEngine(summary));
  if (unknown === undefined) return null;
  return `different engines? nothing shows that cell ${unknown.summary.cellId} reached the engine of the baseline`;
}

/** Its requests passed the tap in front of the engine, or moved the engine's counters by exactly their tokens. */
function reachedOurEngine({ inner, tokenCheck }: CellSummary): boolean {
  return inner.answered > 0 || tokenCheck.status === "exact";
}

interface TaskValue {
  readonly task: string;
  readonly repetition: number;
  /** Task, trial and repetition. */
  readonly pair: string;
  readonly value: number;
}

/** One value per episode: the mean over its requests, so that long episodes do not count more. */
function pathMeans(cells: readonly ComparedCell[], of: (sample: PathSample) => number | null): TaskValue[] {
  return cells.flatMap(({ path, episodes }) => {
    const samples = Map.groupBy(path.samples, ({ episodeId }) => episodeId);
    return episodes.flatMap((episode) => {
      const values = (samples.get(episode.episodeId) ?? []).flatMap((sample) => of(sample) ?? []);
      return values.length === 0 ? [] : [taskValue(episode, meanOfKnown(values))];
    });
  });
}

function episodeValues(
  cells: readonly ComparedCell[],
  of: (episode: EpisodeRecord) => number | null,
): TaskValue[] {
  return cells.flatMap(({ episodes }) =>
    episodes.flatMap((episode) => {
      const value = of(episode);
      return value === null ? [] : [taskValue(episode, value)];
    }),
  );
}

function taskValue(episode: EpisodeRecord, value: number): TaskValue {
  const task = taskKey(episode);
  const { trial, repetition } = episode;
  return { task, repetition, pair: JSON.stringify([task, trial, repetition]), value };
}

function pair(baseline: readonly TaskValue[], arm: readonly TaskValue[], kind: Kind): Difference {
  const before = new Map(baseline.map((value) => [value.pair, value]));
  const pairs = arm.flatMap(({ task, repetition, pair, value }) => {
    const base = before.get(pair);
    return base === undefined ? [] : [{ task, repetition, base: base.value, target: value }];
  });
  const tasks = new Set(pairs.map(({ task }) => task)).size;
  const cellPairs = new Set(pairs.map(({ repetition }) => repetition)).size;
  const unit = kind !== "counts" && cellPairs >= minimumCellPairs ? "cell pairs" : "tasks";
  const units = Map.groupBy(pairs, ({ task, repetition }) => (unit === "tasks" ? task : repetition));
  const blocks = [...units.values()].map((members) => members.map(({ base, target }) => target - base));
  const interval = pairedDifference(blocks, { confidence: 0.95 });
  const difference: Estimate = {
    value: interval?.estimate ?? null,
    count: pairs.length,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
  // Within one pair of cells an episode's time differs by what else the machine did, and no interval over tasks sees it.
  const supported = tasks >= minimumTasks && (kind !== "time" || unit === "cell pairs");
  return {
    difference,
    unit,
    tasks,
    cellPairs,
    baselineMean: pairs.length === 0 ? null : meanOfKnown(pairs.map(({ base }) => base)),
    armMean: pairs.length === 0 ? null : meanOfKnown(pairs.map(({ target }) => target)),
    finding: supported ? findingOf(difference) : "cannot-tell",
  };
}

function findingOf({ low, high }: Estimate): Difference["finding"] {
  if (low === null || high === null) return "cannot-tell";
  if (low > 0) return "more";
  return high < 0 ? "less" : "cannot-tell";
}

function meanOfKnown(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pathCounts(cells: readonly ComparedCell[]): Overhead["baselinePath"] {
  const sum = (of: (path: JoinedPath) => number) => cells.reduce((total, { path }) => total + of(path), 0);
  return {
    requests: sum(({ requests }) => requests),
    joined: sum(({ samples }) => samples.length),
    unmatched: sum(({ unmatched }) => unmatched),
    retried: sum(({ retried }) => retried),
  };
}
