import { bootstrapEach } from "../../statistics/bootstrap.ts";
import { ClusteredValues } from "../../statistics/clustered-values.ts";
import type { Interval } from "../../statistics/interval.ts";
import { createRng } from "../../statistics/rng.ts";
import { bootstrapSeed } from "./paired-statistic.ts";

/** A value and the unit it comes from: an episode, a task. Values of one unit are alike, so units are drawn whole. */
export interface ClusteredValue {
  readonly value: number;
  readonly cluster: string;
}

/** Fewest units for which an interval is stated. */
export const minimumClusters = 10;
const resamples = 400;

export interface Limits {
  readonly low: number;
  readonly high: number;
}

interface ClusterIntervals {
  readonly mean: Limits;
  readonly p50: Limits;
  readonly p95: Limits;
}

/**
 * 95 % t bootstrap intervals of a mean and two percentiles over units; of positive values on the log scale, because
 * times are skewed and no time is negative. Never below 0 where no value is. null below `minimumClusters` units.
 */
export function clusterIntervals(values: readonly ClusteredValue[]): ClusterIntervals | null {
  const pool = poolOf(values);
  if (pool === null) return null;
  const scaled = scaleOf(pool);
  const { mean, p50, p95 } = bootstrapEach(
    samplesOf(pool),
    {
      mean: (drawn) => scaled(drawn.mean()),
      p50: (drawn) => scaled(drawn.percentile(0.5)),
      p95: (drawn) => scaled(drawn.percentile(0.95)),
    },
    { confidence: 0.95, resamples, rng: createRng(bootstrapSeed) },
  );
  return { mean: limitsOf(pool, mean), p50: limitsOf(pool, p50), p95: limitsOf(pool, p95) };
}

/** The same of one statistic: the mean, or the percentile of a share. */
export function clusterInterval(values: readonly ClusteredValue[], of: "mean" | number): Limits | null {
  const pool = poolOf(values);
  if (pool === null) return null;
  const scaled = scaleOf(pool);
  const { one } = bootstrapEach(
    samplesOf(pool),
    { one: (drawn) => scaled(of === "mean" ? drawn.mean() : drawn.percentile(of)) },
    { confidence: 0.95, resamples, rng: createRng(bootstrapSeed) },
  );
  return limitsOf(pool, one);
}

function poolOf(values: readonly ClusteredValue[]): ClusteredValues | null {
  const units = new Map<string, number[]>();
  for (const { value, cluster } of values) {
    const unit = units.get(cluster);
    if (unit === undefined) units.set(cluster, [value]);
    else unit.push(value);
  }
  return units.size < minimumClusters ? null : new ClusteredValues([...units.values()]);
}

function samplesOf(pool: ClusteredValues) {
  return { units: pool.units, drawn: (times: Uint32Array) => pool.drawn(times) };
}

function scaleOf({ smallest }: ClusteredValues): (value: number) => number {
  return smallest > 0 ? Math.log : (value) => value;
}

/**
 * The same of the means of several columns, which hold one value of each unit. All look at the same draws, because those of one number of
 * units and one seed are the same.
 */
export function meanIntervals<Name extends string>(
  columns: Readonly<Record<Name, readonly number[]>>,
): Readonly<Record<Name, Limits>> | null {
  const named = Object.entries(columns) as [Name, readonly number[]][];
  const units = named[0]?.[1].length ?? 0;
  if (units < minimumClusters) return null;
  const pools = named.map(([name, values]) => {
    return { name, pool: new ClusteredValues(values.map((value) => [value])) };
  });
  const statistics = Object.fromEntries(
    pools.map(({ name, pool }) => {
      const scaled = scaleOf(pool);
      return [name, (times: Uint32Array) => scaled(pool.drawn(times).mean())];
    }),
  );
  const intervals = bootstrapEach({ units, drawn: (times) => times }, statistics, {
    confidence: 0.95,
    resamples,
    rng: createRng(bootstrapSeed),
  });
  return Object.fromEntries(
    pools.map(({ name, pool }) => [name, limitsOf(pool, intervals[name] ?? null)]),
  ) as Record<Name, Limits>;
}

function limitsOf({ smallest }: ClusteredValues, interval: Interval | null): Limits {
  const { low = Number.NaN, high = Number.NaN } = interval ?? {};
  if (smallest > 0) return { low: Math.exp(low), high: Math.exp(high) };
  return { low: smallest < 0 ? low : Math.max(0, low), high };
}
