import { bootstrap } from "../../statistics/bootstrap.ts";
import { meanOf, minimumSamples, percentile } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { pairedDifference } from "../../statistics/paired.ts";
import { createRng } from "../../statistics/rng.ts";
import { taskKey } from "../estimates/pass-rate.ts";
import type { MeasuredCell } from "../measured-cell.ts";
import { episodeValue, pairUp, type EpisodeValue } from "../estimates/paired-difference.ts";
import type { Quantity, Source } from "./quantities.ts";

/** How far a quantity moved from one run to the other, in its unit; `null` where too little is known to say. */
export interface Change {
  readonly before: number | null;
  readonly after: number | null;
  readonly difference: {
    readonly value: number;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  /** What the interval is over, or why there is none. */
  readonly basis: string;
  /** Independent units behind it. */
  readonly units: number;
}

/** The cells of one arm at one load, in both runs. */
export interface CellsOfBoth {
  readonly before: readonly MeasuredCell[];
  readonly after: readonly MeasuredCell[];
}

const confidence = 0.95;
const resamples = 1000;
/** Fixed, so that a comparison of two runs prints the same numbers every time. */
const seed = 20_261_121;

/** Pure. */
export function changeOf({ source }: Quantity, cells: CellsOfBoth): Change {
  if (source.kind === "episode") return episodeChange(source.of, cells);
  return source.kind === "request" ? requestChange(source, cells) : cellChange(source.of, cells);
}

function episodeChange(of: Extract<Source, { kind: "episode" }>["of"], cells: CellsOfBoth): Change {
  const valuesOf = (side: readonly MeasuredCell[]) =>
    side.flatMap(({ episodes }) =>
      episodes.flatMap((episode): EpisodeValue[] => {
        const value = of(episode);
        return value === null ? [] : [episodeValue(episode, value)];
      }),
    );
  const pairs = pairUp(valuesOf(cells.before), valuesOf(cells.after));
  const blocks = [...Map.groupBy(pairs, ({ task }) => task).values()].map((members) =>
    members.map(({ base, target }) => target - base),
  );
  return {
    before: meanOrNull(pairs.map(({ base }) => base)),
    after: meanOrNull(pairs.map(({ target }) => target)),
    ...stated(pairedDifference(blocks, { confidence }), {
      value: meanOrNull(pairs.map(({ base, target }) => target - base)),
      basis: "t over tasks, paired by task and trial",
    }),
    units: blocks.length,
  };
}

interface TaskValues {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The same tasks are drawn for both runs, so that what tasks differ in cancels. */
function requestChange(source: Extract<Source, { kind: "request" }>, cells: CellsOfBoth): Change {
  const [before, after] = [valuesByTask(cells.before, source.of), valuesByTask(cells.after, source.of)];
  const tasks = [...before].flatMap(([task, values]): TaskValues[] => {
    const others = after.get(task);
    return others === undefined ? [] : [{ before: values, after: others }];
  });
  const of = (side: keyof TaskValues) => (drawn: readonly TaskValues[]) =>
    statisticOf(
      drawn.flatMap((task) => task[side]),
      source.statistic,
    );
  const [was, is] = [of("before")(tasks), of("after")(tasks)];
  const supported = [before, after].every((values) => enough([...values.values()].flat(), source.statistic));
  if (!supported || Number.isNaN(was) || Number.isNaN(is)) {
    return { before: null, after: null, difference: null, basis: "n too small", units: tasks.length };
  }
  const interval = bootstrap(tasks, (drawn) => of("after")(drawn) - of("before")(drawn), {
    confidence,
    resamples,
    rng: createRng(seed),
    method: "t",
  });
  return {
    before: was,
    after: is,
    ...stated(interval, { value: is - was, basis: "t bootstrap over tasks, the same ones in both runs" }),
    units: tasks.length,
  };
}

function valuesByTask(
  cells: readonly MeasuredCell[],
  of: Extract<Source, { kind: "request" }>["of"],
): ReadonlyMap<string, readonly number[]> {
  const values = new Map<string, number[]>();
  for (const { episodes, latencies } of cells) {
    for (const episode of episodes) {
      const found = latencies.get(episode.episodeId)?.[of] ?? [];
      if (found.length > 0) values.set(taskKey(episode), [...(values.get(taskKey(episode)) ?? []), ...found]);
    }
  }
  return values;
}

type Statistic = Extract<Source, { kind: "request" }>["statistic"];
const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

function statisticOf(values: readonly number[], statistic: Statistic): number {
  if (values.length === 0) return Number.NaN;
  return statistic === "mean" ? meanOf(values) : (percentile(values, quantiles[statistic]) ?? Number.NaN);
}

function enough(values: readonly number[], statistic: Statistic): boolean {
  return values.length >= (statistic === "mean" ? 2 : minimumSamples(quantiles[statistic]));
}

/** A rate is measured once per cell, so only several pairs of cells have an interval. */
function cellChange(of: Extract<Source, { kind: "cell" }>["of"], cells: CellsOfBoth): Change {
  const after = new Map(cells.after.map((cell) => [cell.summary.repetition, of(cell.summary).value]));
  const pairs = cells.before.flatMap(({ summary }) => {
    const [was, is] = [of(summary).value, after.get(summary.repetition) ?? null];
    return was === null || is === null ? [] : [{ was, is }];
  });
  const value = meanOrNull(pairs.map(({ was, is }) => is - was));
  const interval = pairedDifference(
    pairs.map(({ was, is }) => [is - was]),
    { confidence },
  );
  return {
    before: meanOrNull(pairs.map(({ was }) => was)),
    after: meanOrNull(pairs.map(({ is }) => is)),
    ...stated(interval, { value, basis: "t over pairs of cells" }),
    units: pairs.length,
  };
}

function stated(
  interval: Interval | null,
  otherwise: { readonly value: number | null; readonly basis: string },
): Pick<Change, "difference" | "basis"> {
  if (interval !== null) {
    const { estimate, low, high } = interval;
    return { difference: { value: estimate, low, high }, basis: otherwise.basis };
  }
  const { value } = otherwise;
  if (value === null) return { difference: null, basis: "nothing to pair" };
  return { difference: { value, low: null, high: null }, basis: "one pair has no interval" };
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}
