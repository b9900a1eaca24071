import { z } from "zod";
import { blockBootstrap, type Statistic } from "../measure/bootstrap.ts";
import { meanOf, percentile, summarize } from "../measure/distribution.ts";
import { createRng } from "../measure/rng.ts";
import { estimateSchema, type Estimate } from "./estimate.ts";
import { isAnswered, isGeneration, type TapTiming } from "./tap-timing.ts";

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

/** A value and the episode it comes from. */
export interface ClusteredValue {
  readonly value: number;
  readonly cluster: string;
}

/** Fewest episodes for which an interval is stated. */
export const minimumClusters = 10;
const seed = 20_261_121;
const bootstrapOptions = { confidence: 0.95, resamples: 300, method: "percentile" } as const;

/** Definitions of the three latencies, printed beside them. */
export const latencyDefinitions = {
  ttft: "outer tap, request head received to the first chunk with generated text, reasoning or a tool call; streamed requests",
  itl: "outer tap, (last token - first token) / (completion tokens - 1), one value per streamed request",
  e2e: "outer tap, request head received to end of the response body",
} as const;

export function timeToFirstToken(timing: TapTiming): number | null {
  if (!timing.streamed || timing.firstTokenNs === null) return null;
  return (timing.firstTokenNs - timing.startedNs) / 1e6;
}

/** null below two tokens, and where the response told no usage: chunks are not tokens. */
export function interTokenInterval(timing: TapTiming): number | null {
  const { streamed, firstTokenNs, lastTokenNs, usage } = timing;
  if (!streamed || firstTokenNs === null || lastTokenNs === null || usage === null) return null;
  if (usage.completionTokens < 2) return null;
  return (lastTokenNs - firstTokenNs) / 1e6 / (usage.completionTokens - 1);
}

export function endToEnd(timing: TapTiming): number {
  return (timing.endedNs - timing.startedNs) / 1e6;
}

/** One latency over the answered generation requests among `timings`. */
export function latencyOf(
  timings: readonly TapTiming[],
  measure: (timing: TapTiming) => number | null,
): Latency {
  const values = timings
    .filter((timing) => isGeneration(timing) && isAnswered(timing))
    .flatMap((timing) => {
      const value = measure(timing);
      return value === null ? [] : [{ value, cluster: timing.attemptKey ?? timing.requestId }];
    });
  return summarizeClustered(values);
}

/** Mean and percentiles, each with a bootstrap interval over clusters (fixed seed: a report rebuilds to the same bytes). */
export function summarizeClustered(values: readonly ClusteredValue[]): Latency {
  const { count, mean, p50, p95, p99, max } = summarize(values.map(({ value }) => value));
  const clusters = [...Map.groupBy(values, ({ cluster }) => cluster).values()].map((members) =>
    members.map(({ value }) => value),
  );
  const estimate = (value: number | null, statistic: Statistic<number>): Estimate => {
    const interval =
      value === null || clusters.length < minimumClusters
        ? null
        : blockBootstrap(clusters, statistic, { ...bootstrapOptions, rng: createRng(seed) });
    return { value, count, low: interval?.low ?? null, high: interval?.high ?? null };
  };
  return {
    count,
    episodes: clusters.length,
    mean: estimate(mean, meanOf),
    p50: estimate(p50, (sample) => percentile(sample, 0.5) ?? Number.NaN),
    p95: estimate(p95, (sample) => percentile(sample, 0.95) ?? Number.NaN),
    p99: { value: p99, count, low: null, high: null },
    max,
  };
}
