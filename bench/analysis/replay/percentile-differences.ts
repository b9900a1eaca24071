import { loadMetrics } from "../../load/latency.ts";
import type { LoadSample } from "../../load/load.ts";
import { minimumSamples } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { quantiles, statisticDifference } from "../estimates/paired-statistic.ts";
import type { PairedBlock } from "./paired-requests.ts";

export type TailName = keyof typeof quantiles;
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

/** Enough for a standard error. */
const resamples = 400;

/** Percentiles over the requests of all blocks that are paired, each turn of a request by itself. */
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
      base: paired.flatMap((request) => valuesOf(request.baseline)),
      target: paired.flatMap((request) => valuesOf(request.arm)),
    }))
    .filter(({ base, target }) => base.length > 0 && target.length > 0);
  const fewest = Math.min(
    units.flatMap(({ base }) => base).length,
    units.flatMap(({ target }) => target).length,
  );
  const tail = (name: TailName): TailDifference | null => {
    if (fewest < minimumSamples(quantiles[name])) return null;
    const { base, target, interval } = statisticDifference(units, name, { confidence, resamples });
    return { baseline: base, arm: target, interval };
  };
  return { p50: tail("p50"), p95: tail("p95"), p99: tail("p99") };
}
