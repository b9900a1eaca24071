import { bootstrapEach } from "../../statistics/bootstrap.ts";
import { ClusteredValues, type DrawnValues } from "../../statistics/clustered-values.ts";
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
 * Statistics over all values of one side minus those of the other. NaN without values; whether they are enough is for the
 * caller to say. The intervals are over units, because a t interval of the units' own percentiles would judge p99 of each by its
 * one or two largest values. All look at the same draws.
 */
export function statisticDifferences<Name extends SampleStatistic>(
  units: readonly UnitValues[],
  statistics: readonly Name[],
  { confidence, resamples }: { readonly confidence: number; readonly resamples: number },
): Readonly<Record<Name, StatisticDifference>> {
  const base = new ClusteredValues(units.map((unit) => unit.base));
  const target = new ClusteredValues(units.map((unit) => unit.target));
  const drawn = (times: Uint32Array) => ({ base: base.drawn(times), target: target.drawn(times) });
  type Drawn = ReturnType<typeof drawn>;
  const intervals = bootstrapEach(
    { units: units.length, drawn },
    byName(statistics, (name) => (sides: Drawn) => valueOf(name, sides.target) - valueOf(name, sides.base)),
    { confidence, resamples, rng: createRng(bootstrapSeed) },
  );
  const whole = drawn(new Uint32Array(units.length).fill(1));
  return byName(statistics, (name) => ({
    base: valueOf(name, whole.base),
    target: valueOf(name, whole.target),
    interval: intervals[name],
  }));
}

function valueOf(statistic: SampleStatistic, drawn: DrawnValues): number {
  return statistic === "mean" ? drawn.mean() : drawn.percentile(quantiles[statistic]);
}

function byName<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Readonly<Record<Name, Value>> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
}

/** One of them. */
export function statisticDifference(
  units: readonly UnitValues[],
  statistic: SampleStatistic,
  options: { readonly confidence: number; readonly resamples: number },
): StatisticDifference {
  return statisticDifferences(units, [statistic], options)[statistic];
}
