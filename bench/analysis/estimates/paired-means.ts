import { meanOf } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { pairedDifference } from "../../statistics/paired.ts";

/** The same thing measured in both arms, or in both runs. */
export interface MeasuredPair {
  readonly base: number;
  readonly target: number;
  /** What does not depend on other ones: a task, a pair of cells, a block. Pairs of one unit are alike. */
  readonly unit: string | number;
}

/** Mean difference (target - base) with a t interval over units; null below two units. */
export interface PairedMeans {
  readonly interval: Interval | null;
  readonly count: number;
  readonly baselineMean: number | null;
  readonly armMean: number | null;
  /** Differences, unit by unit. */
  readonly units: readonly (readonly number[])[];
}

/** The one paired difference: of a sweep's arms, a replay's and two runs'. */
export function pairedMeans(pairs: readonly MeasuredPair[], confidence = 0.95): PairedMeans {
  const units = [...Map.groupBy(pairs, ({ unit }) => unit).values()].map((members) =>
    members.map(({ base, target }) => target - base),
  );
  return {
    interval: pairedDifference(units, { confidence }),
    count: pairs.length,
    baselineMean: meanOrNull(pairs.map(({ base }) => base)),
    armMean: meanOrNull(pairs.map(({ target }) => target)),
    units,
  };
}

export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}
