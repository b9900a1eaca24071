import { bootstrap } from "../../statistics/bootstrap.ts";
import { ClusteredValues } from "../../statistics/clustered-values.ts";
import type { Interval } from "../../statistics/interval.ts";
import { createRng } from "../../statistics/rng.ts";

/** Fixed, so that a report rebuilds to the same bytes and a comparison prints the same numbers every time. */
export const bootstrapSeed = 20_261_121;

/** Quantiles that tables state. */
export const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
export type SampleStatistic = "mean" | keyof typeof quantiles;

/** Values of both sides in one independent unit: a block, a task. */
export interface UnitValues {
  readonly base: readonly number[];
  readonly target: readonly number[];
}

export interface StatisticDifference {
  readonly base: number;
  readonly target: number;
  /** Of (target - base): a t bootstrap over units, the same ones drawn for both sides. null below two units. */
  readonly interval: Interval | null;
}

/**
 * A statistic over all values of one side minus that of the other. NaN without values; whether they are enough is for the
 * caller to say. The interval is over units, because a t interval of the units' own percentiles would judge p99 of each by its
 * one or two largest values.
 */
export function statisticDifference(
  units: readonly UnitValues[],
  statistic: SampleStatistic,
  { confidence, resamples }: { readonly confidence: number; readonly resamples: number },
): StatisticDifference {
  const base = new ClusteredValues(units.map((unit) => unit.base));
  const target = new ClusteredValues(units.map((unit) => unit.target));
  const of = (side: ClusteredValues, units: readonly number[]) => {
    const drawn = side.drawn(units);
    return statistic === "mean" ? drawn.mean() : drawn.percentile(quantiles[statistic]);
  };
  const rng = createRng(bootstrapSeed);
  const difference = (units: readonly number[]) => of(target, units) - of(base, units);
  return {
    base: of(base, base.units),
    target: of(target, target.units),
    interval: bootstrap(base.units, difference, { confidence, resamples, rng }),
  };
}
