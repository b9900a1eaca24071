import { minimumSamples } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { taskKey } from "../estimates/pass-rate.ts";
import type { ComparedCell } from "../measured-cell.ts";
import { episodeValue, pairUp, type EpisodeValue } from "../estimates/paired-difference.ts";
import { meanOrNull, pairedMeans, type MeasuredPair } from "../estimates/paired-means.ts";
import {
  quantiles,
  statisticDifferences,
  type SampleStatistic,
  type UnitValues,
} from "../estimates/paired-statistic.ts";
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
  readonly before: readonly ComparedCell[];
  readonly after: readonly ComparedCell[];
}

const confidence = 0.95;
const resamples = 1000;

/** Pure. Statistics of one latency are made of the same draws. */
export function changesOf(
  quantities: readonly Quantity[],
  cells: CellsOfBoth,
): ReadonlyMap<Quantity, Change> {
  const ofRequests = new Map<RequestSource["of"], ReadonlyMap<SampleStatistic, Change>>();
  const requestChange = ({ of, statistic }: RequestSource): Change => {
    const wanted = quantities.flatMap(({ source }) =>
      source.kind === "request" && source.of === of ? [source.statistic] : [],
    );
    const known = ofRequests.get(of) ?? requestChanges({ of, statistics: wanted }, cells);
    ofRequests.set(of, known);
    return known.get(statistic) ?? tooFew(0);
  };
  return new Map(
    quantities.map((quantity) => {
      const { source } = quantity;
      if (source.kind === "episode") return [quantity, episodeChange(source.of, cells)];
      return [quantity, source.kind === "request" ? requestChange(source) : cellChange(source.of, cells)];
    }),
  );
}

type RequestSource = Extract<Source, { kind: "request" }>;

function tooFew(units: number): Change {
  return { before: null, after: null, difference: null, basis: "n too small", units };
}

function episodeChange(of: Extract<Source, { kind: "episode" }>["of"], cells: CellsOfBoth): Change {
  const valuesOf = (side: readonly ComparedCell[]) =>
    side.flatMap(({ episodes }) =>
      episodes.flatMap((episode): EpisodeValue[] => {
        const value = of(episode);
        return value === null ? [] : [episodeValue(episode, value)];
      }),
    );
  const pairs = pairUp(valuesOf(cells.before), valuesOf(cells.after));
  return pairedChange(
    pairs.map(({ task, base, target }) => ({ base, target, unit: task })),
    "t over tasks, paired by task and trial",
  );
}

function pairedChange(pairs: readonly MeasuredPair[], basis: string): Change {
  const { interval, baselineMean, armMean, units } = pairedMeans(pairs);
  const value = meanOrNull(pairs.map(({ base, target }) => target - base));
  return {
    before: baselineMean,
    after: armMean,
    ...stated(interval, { value, basis }),
    units: units.length,
  };
}

/** The same tasks are drawn for both runs, so that what tasks differ in cancels. */
function requestChanges(
  { of, statistics }: { readonly of: RequestSource["of"]; readonly statistics: readonly SampleStatistic[] },
  cells: CellsOfBoth,
): ReadonlyMap<SampleStatistic, Change> {
  const [before, after] = [valuesByTask(cells.before, of), valuesByTask(cells.after, of)];
  const tasks = [...before].flatMap(([task, base]): UnitValues[] => {
    const target = after.get(task);
    return target === undefined ? [] : [{ base, target }];
  });
  const counts = [before, after].map((values) =>
    [...values.values()].reduce((sum, own) => sum + own.length, 0),
  );
  const supported = statistics.filter(
    (statistic) => tasks.length > 0 && counts.every((count) => enough(count, statistic)),
  );
  const found = statisticDifferences(tasks, supported, { confidence, resamples });
  const basis = "t bootstrap over tasks, the same ones in both runs";
  return new Map(
    statistics.map((statistic) => {
      if (!supported.includes(statistic)) return [statistic, tooFew(tasks.length)];
      const { base, target, interval } = found[statistic];
      const change = stated(interval, { value: target - base, basis });
      return [statistic, { before: base, after: target, ...change, units: tasks.length }];
    }),
  );
}

function valuesByTask(
  cells: readonly ComparedCell[],
  of: RequestSource["of"],
): ReadonlyMap<string, readonly number[]> {
  const values = new Map<string, number[]>();
  for (const { episodes, latencies } of cells) {
    for (const episode of episodes) {
      const found = latencies.get(episode.episodeId)?.[of] ?? [];
      if (found.length === 0) continue;
      const task = taskKey(episode);
      const known = values.get(task);
      if (known === undefined) values.set(task, [...found]);
      else for (const value of found) known.push(value);
    }
  }
  return values;
}

function enough(count: number, statistic: SampleStatistic): boolean {
  return count >= (statistic === "mean" ? 2 : minimumSamples(quantiles[statistic]));
}

/** A rate is measured once per cell, so only several pairs of cells have an interval. */
function cellChange(of: Extract<Source, { kind: "cell" }>["of"], cells: CellsOfBoth): Change {
  const after = new Map(cells.after.map((cell) => [cell.summary.repetition, of(cell.summary).value]));
  const pairs = cells.before.flatMap(({ summary }) => {
    const [base, target] = [of(summary).value, after.get(summary.repetition) ?? null];
    return base === null || target === null ? [] : [{ base, target, unit: summary.repetition }];
  });
  return pairedChange(pairs, "t over pairs of cells");
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
