import { loadMetrics } from "../load/latency.ts";
import { bootstrap } from "../measure/bootstrap.ts";
import { minimumSamples } from "../measure/distribution.ts";
import type { Interval } from "../measure/interval.ts";
import { createRng } from "../measure/rng.ts";
import type { PairedBlock, PairedRequest } from "./paired-requests.ts";

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
export type Tails = Readonly<Record<TailName, TailDifference | null>>;

/** Enough for a standard error; the seed is fixed, so that a report says the same every time. */
const resamples = 400;
const seed = 20_261_121;

/**
 * Percentiles over the requests of all blocks that are paired, each turn of a request by itself. The interval is a t
 * bootstrap over blocks: a t interval of the blocks' own percentiles would judge p99 of each block by its one or two
 * slowest requests.
 */
export function tailsOf(
  blocks: readonly PairedBlock[],
  metric: TailMetric,
  { confidence }: { readonly confidence: number },
): Tails {
  const pool = (of: (request: PairedRequest) => PairedRequest["baseline"]) =>
    poolBlocks(
      blocks.map(({ paired }) =>
        paired.flatMap((request) => of(request).flatMap((sample) => loadMetrics[metric](sample) ?? [])),
      ),
    );
  const baseline = pool((request) => request.baseline);
  const arm = pool((request) => request.arm);
  const indexes = blocks.map((_, index) => index);
  const tail = (q: number): TailDifference | null => {
    if (Math.min(baseline.values.length, arm.values.length) < minimumSamples(q)) return null;
    const interval = bootstrap(
      indexes,
      (drawn) => drawnQuantile(arm, drawn, q) - drawnQuantile(baseline, drawn, q),
      { confidence, resamples, rng: createRng(seed), method: "t" },
    );
    return {
      baseline: drawnQuantile(baseline, indexes, q),
      arm: drawnQuantile(arm, indexes, q),
      interval,
    };
  };
  return {
    p50: tail(tailQuantiles.p50),
    p95: tail(tailQuantiles.p95),
    p99: tail(tailQuantiles.p99),
  };
}

/** Values of all blocks in ascending order, each with its block: a draw of blocks weights them and sorts nothing anew. */
interface Pool {
  readonly values: readonly number[];
  readonly blockOf: readonly number[];
  /** Values of each block. */
  readonly sizes: readonly number[];
}

function poolBlocks(blocks: readonly (readonly number[])[]): Pool {
  const all = blocks
    .flatMap((values, block) => values.map((value) => ({ value, block })))
    .toSorted((a, b) => a.value - b.value);
  return {
    values: all.map(({ value }) => value),
    blockOf: all.map(({ block }) => block),
    sizes: blocks.map(({ length }) => length),
  };
}

/** By `percentileMethod`, of the values of the drawn blocks, each as often as it was drawn. NaN for none. */
function drawnQuantile({ values, blockOf, sizes }: Pool, drawn: readonly number[], q: number): number {
  const times = sizes.map(() => 0);
  let count = 0;
  for (const block of drawn) {
    times[block] = (times[block] ?? 0) + 1;
    count += sizes[block] ?? 0;
  }
  const rank = (count - 1) * q;
  let seen = 0;
  let low = Number.NaN;
  for (const [at, value] of values.entries()) {
    seen += times[blockOf[at] ?? -1] ?? 0;
    if (Number.isNaN(low) && seen > Math.floor(rank)) low = value;
    if (seen > Math.ceil(rank)) return low + (value - low) * (rank - Math.floor(rank));
  }
  return Number.NaN;
}
