import { bootstrap } from "../../statistics/bootstrap.ts";
import { ClusteredValues } from "../../statistics/clustered-values.ts";
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

type Statistic = (drawn: ReturnType<ClusteredValues["drawn"]>) => number;

/**
 * 95 % t bootstrap intervals of a mean and two percentiles over units; of positive values on the log scale, because
 * times are skewed and no time is negative. Never below 0 where no value is. null below `minimumClusters` units.
 */
export function clusterIntervals(values: readonly ClusteredValue[]): ClusterIntervals | null {
  const units = Map.groupBy(values, ({ cluster }) => cluster);
  if (units.size < minimumClusters) return null;
  const pool = new ClusteredValues([...units.values()].map((unit) => unit.map(({ value }) => value)));
  const limits = (statistic: Statistic) => limitsOf(pool, statistic);
  return {
    mean: limits((drawn) => drawn.mean()),
    p50: limits((drawn) => drawn.percentile(0.5)),
    p95: limits((drawn) => drawn.percentile(0.95)),
  };
}

function limitsOf(pool: ClusteredValues, statistic: Statistic): Limits {
  const isPositive = pool.smallest > 0;
  const interval = bootstrap(
    pool.units,
    (drawn) => {
      const value = statistic(pool.drawn(drawn));
      return isPositive ? Math.log(value) : value;
    },
    { confidence: 0.95, resamples, rng: createRng(bootstrapSeed) },
  );
  const { low = Number.NaN, high = Number.NaN } = interval ?? {};
  if (isPositive) return { low: Math.exp(low), high: Math.exp(high) };
  return { low: pool.smallest < 0 ? low : Math.max(0, low), high };
}
