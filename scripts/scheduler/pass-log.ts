import { readFileSync } from "node:fs";
import { z } from "zod";
import { meanOf, percentile } from "../../bench/statistics/distribution.ts";
import type { HostTimes } from "./step-times.ts";

/** A line of the plugin's log: one forward pass. */
const passSchema = z.object({
  kind: z.enum(["prefill", "decode"]),
  requests: z.int(),
  tokens: z.int(),
  beginNs: z.int(),
  endNs: z.int(),
  beginProcessorNs: z.int(),
  endProcessorNs: z.int(),
  wantedMs: z.number(),
});
export type Pass = z.infer<typeof passSchema>;

/** The passes that began in a span of time. */
export function readPasses(
  file: string,
  span: { readonly fromNs: number; readonly toNs: number },
): readonly Pass[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => passSchema.parse(JSON.parse(line)))
    .filter(({ beginNs }) => beginNs >= span.fromNs && beginNs <= span.toNs);
}

/** What the scheduler did between two passes of which the second decodes: there was work all the time. */
export interface Between {
  readonly requests: number;
  readonly wallMs: number;
  /** Of the scheduler's thread; wall time beyond it was waited for a processor. */
  readonly processorMs: number;
}

export function betweenPasses(passes: readonly Pass[]): readonly Between[] {
  return passes.slice(1).flatMap((pass, index) => {
    const before = passes[index];
    if (before === undefined || pass.kind !== "decode" || before.kind !== "decode") return [];
    return [
      {
        requests: before.requests,
        wallMs: (pass.beginNs - before.endNs) / 1e6,
        processorMs: (pass.beginProcessorNs - before.endProcessorNs) / 1e6,
      },
    ];
  });
}

export interface PassFigures {
  readonly prefills: number;
  readonly decodes: number;
  /** Requests of a decode pass, mean. */
  readonly batch: number;
  /** p50 between two decode passes. */
  readonly wallMs: number | null;
  readonly processorMs: number | null;
  /** How much longer than wanted a pass took, mean. */
  readonly lateMs: number;
}

export function passFigures(passes: readonly Pass[]): PassFigures {
  const between = betweenPasses(passes);
  const decodes = passes.filter(({ kind }) => kind === "decode");
  return {
    prefills: passes.length - decodes.length,
    decodes: decodes.length,
    batch: meanOf(decodes.map(({ requests }) => requests)),
    wallMs: percentile(
      between.map(({ wallMs }) => wallMs),
      0.5,
    ),
    processorMs: percentile(
      between.map(({ processorMs }) => processorMs),
      0.5,
    ),
    lateMs: meanOf(passes.map(({ beginNs, endNs, wantedMs }) => (endNs - beginNs) / 1e6 - wantedMs)),
  };
}

/**
 * `stepMs + stepMsPerRequest * requests` through the processor times, by least squares over the medians of each batch size:
 * a single pass may hold the collection of Python's garbage.
 */
export function hostTimes(between: readonly Between[]): HostTimes {
  const points = [...Map.groupBy(between, ({ requests }) => requests)].flatMap(([requests, all]) => {
    const median = percentile(
      all.map(({ processorMs }) => processorMs),
      0.5,
    );
    return median === null ? [] : [{ requests, median, weight: all.length }];
  });
  const weight = points.reduce((sum, point) => sum + point.weight, 0);
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + point.weight * of(point), 0) / weight;
  const [requests, median] = [mean((point) => point.requests), mean((point) => point.median)];
  const spread = mean((point) => (point.requests - requests) ** 2);
  const slope =
    spread === 0 ? 0 : mean((point) => (point.requests - requests) * (point.median - median)) / spread;
  return { stepMs: Math.max(0, median - slope * requests), stepMsPerRequest: Math.max(0, slope) };
}
