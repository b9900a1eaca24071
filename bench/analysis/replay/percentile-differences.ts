import { loadMetrics } from "../../load/latency.ts";
import type { LoadSample } from "../../load/load.ts";
import { bootstrap } from "../../statistics/bootstrap.ts";
import { ClusteredValues } from "../../statistics/clustered-values.ts";
import { minimumSamples } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { createRng } from "../../statistics/rng.ts";
import type { PairedBlock } from "./paired-requests.ts";

export const tailQuantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
export type TailName = keyof typeof tailQuantiles;
export const tailMetrics = ["ttft", "e2e"] as const;
export type TailMetric = (typeof tailMetrics)[number];

/** A percentile of an arm's requests minus that of the baseline's, milliseconds: what a mean does not show. */
export interface TailDifference {
  readonly baseline: number;
  readonly arm: number;
  /** null below two blocks. */
  readonly interval: Interval | null;
}

/** By percentile; null where one of the arms has too few requests for it, see `minimumSampleRule`. */
export type PercentileDifferences = Readonly<Record<TailName, TailDifference | null>>;

/** Enough for a standard error; the seed is fixed, so that a report says the same every time. */
const resamples = 400;
const seed = 20_261_121;

/**
 * Percentiles over the requests of all blocks that are paired, each turn of a request by itself. The interval is a t
 * bootstrap over blocks: a t interval of the blocks' own percentiles would judge p99 of each block by its one or two
 * slowest requests.
 */
export function percentileDifferences(
  blocks: readonly PairedBlock[],
  metric: TailMetric,
  { confidence }: { readonly confidence: number },
): PercentileDifferences {
  const valuesOf = (samples: readonly LoadSample[]) =>
    samples.flatMap((sample) => loadMetrics[metric](sample) ?? []);
  // A block that says nothing of the metric is no unit: it would make the interval surer than its data.
  const units = blocks
    .map(({ paired }) => ({
      baseline: paired.flatMap((request) => valuesOf(request.baseline)),
      arm: paired.flatMap((request) => valuesOf(request.arm)),
    }))
    .filter((unit) => unit.baseline.length > 0 && unit.arm.length > 0);
  const baseline = new ClusteredValues(units.map((unit) => unit.baseline));
  const arm = new ClusteredValues(units.map((unit) => unit.arm));
  const tail = (q: number): TailDifference | null => {
    if (Math.min(baseline.count, arm.count) < minimumSamples(q)) return null;
    const quantile = (of: ClusteredValues, drawn: readonly number[]) => of.drawn(drawn).percentile(q);
    const interval = bootstrap(baseline.units, (drawn) => quantile(arm, drawn) - quantile(baseline, drawn), {
      confidence,
      resamples,
      rng: createRng(seed),
      method: "t",
    });
    return {
      baseline: quantile(baseline, baseline.units),
      arm: quantile(arm, arm.units),
      interval,
    };
  };
  return {
    p50: tail(tailQuantiles.p50),
    p95: tail(tailQuantiles.p95),
    p99: tail(tailQuantiles.p99),
  };
}
