import { z } from "zod";
import { summarize } from "../../statistics/distribution.ts";
import { clusterIntervals, meanIntervals, type ClusteredValue, type Limits } from "./cluster-interval.ts";
import { estimateSchema, type Estimate } from "./estimate.ts";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";

/** Milliseconds. Intervals are over episodes, because the requests of one episode are alike. */
export const latencySchema = z.object({
  /** Requests. */
  count: z.number().int(),
  /** Episodes that they come from. */
  episodes: z.number().int(),
  mean: estimateSchema,
  p50: estimateSchema,
  p95: estimateSchema,
  p99: estimateSchema,
  max: z.number().nullable(),
});
export type Latency = z.infer<typeof latencySchema>;

/** One latency over the answered generation requests among `timings`. */
export function latencyOf(
  timings: readonly TapTiming[],
  measure: (timing: TapTiming) => number | null,
): Latency {
  const values = timings
    .filter((timing) => isGenerationRequest(timing) && isAnswered(timing))
    .flatMap((timing) => {
      const value = measure(timing);
      return value === null ? [] : [{ value, cluster: timing.attemptKey ?? timing.requestId }];
    });
  return summarizeClustered(values);
}

/** Mean and percentiles, each with its interval where there are enough units. */
export function summarizeClustered(values: readonly ClusteredValue[]): Latency {
  const { count, mean, p50, p95, p99, max } = summarize(values.map(({ value }) => value));
  const intervals = clusterIntervals(values);
  const estimate = (value: number | null, limits: Limits | undefined): Estimate => ({
    value,
    count,
    low: value === null ? null : (limits?.low ?? null),
    high: value === null ? null : (limits?.high ?? null),
  });
  return {
    count,
    episodes: new Set(values.map(({ cluster }) => cluster)).size,
    mean: estimate(mean, intervals?.mean),
    p50: estimate(p50, intervals?.p50),
    p95: estimate(p95, intervals?.p95),
    p99: estimate(p99, undefined),
    max,
  };
}

/** Means of several columns, one value of each unit in each: what {@link summarizeClustered} says of the mean of each. */
export function meansOf<Name extends string>(
  columns: Readonly<Record<Name, readonly number[]>>,
): Readonly<Record<Name, Estimate>> {
  const limits = meanIntervals(columns);
  const named = Object.entries(columns) as [Name, readonly number[]][];
  return Object.fromEntries(
    named.map(([name, values]) => {
      const { mean, count } = summarize(values);
      const { low = null, high = null } = mean === null ? {} : (limits?.[name] ?? {});
      return [name, { value: mean, count, low, high }];
    }),
  ) as Record<Name, Estimate>;
}
