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

/** What the scheduler did between two passes while it had work all the time. */
export interface Between {
  /** Which passes: `after` a prefill a decode pass, `before` a prefill another kind, or two that decode. */
  readonly prefill: "none" | "before" | "after";
  /** Of the first pass. */
  readonly requests: number;
  readonly wallMs: number;
  /** Of the scheduler's thread; wall time beyond it was waited for a processor. */
  readonly processorMs: number;
}

export function betweenPasses(passes: readonly Pass[]): readonly Between[] {
  return passes.slice(1).flatMap((pass, index) => {
    const first = passes[index];
    const prefill = first === undefined ? null : placeOf(first, pass, passes[index + 2]);
    if (first === undefined || prefill === null) return [];
    return [
      {
        prefill,
        requests: first.requests,
        wallMs: (pass.beginNs - first.endNs) / 1e6,
        processorMs: (pass.beginProcessorNs - first.endProcessorNs) / 1e6,
      },
    ];
  });
}

/** null where the scheduler may have waited for a request: before a prefill after which nobody else goes on. */
function placeOf(first: Pass, second: Pass, third: Pass | undefined): Between["prefill"] | null {
  if (second.kind === "decode") return first.kind === "decode" ? "none" : "after";
  const others = third?.kind === "decode" && third.requests > second.requests;
  return first.kind === "decode" && others ? "before" : null;
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
  const between = betweenPasses(passes).filter(({ prefill }) => prefill === "none");
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

/** From the processor times between passes. */
export function hostTimes(between: readonly Between[]): HostTimes {
  const line = lineThrough(between.filter(({ prefill }) => prefill === "none"));
  // A decode pass would have come anyway, with the work between two of them; a prefill adds what goes beyond that on both sides.
  const beyond = (place: Between["prefill"]) =>
    percentile(
      between
        .filter(({ prefill }) => prefill === place)
        .map(({ processorMs, requests }) => processorMs - line.stepMs - line.stepMsPerRequest * requests),
      0.5,
    ) ?? 0;
  return { ...line, prefillMs: Math.max(0, beyond("before") + beyond("after")) };
}

/**
 * `stepMs + stepMsPerRequest * requests`, by least squares over the medians of each batch size: a single pause may hold the
 * collection of Python's garbage.
 */
function lineThrough(between: readonly Between[]): Omit<HostTimes, "prefillMs"> {
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
