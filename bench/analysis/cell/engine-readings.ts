import { z } from "zod";
import type { EngineDelta, Observed } from "../../metrics/engine-delta.ts";
import type { HistogramConcept } from "../../metrics/profiles/profile.ts";
import { ratio, sumKnown } from "../estimates/estimate.ts";

/** What the engine's own counters say over the used segments of a cell. null: it does not report it, or restarted. */
export const engineReadingsSchema = z.object({
  engine: z.string().nullable(),
  /** Time between the snapshots' segments, in seconds. */
  seconds: z.number(),
  requests: z.number().nullable(),
  promptTokens: z.number().nullable(),
  completionTokens: z.number().nullable(),
  cachedTokens: z.number().nullable(),
  /** Cached share of the prompt tokens, 0..1. */
  cacheHitRate: z.number().nullable(),
  inputTokensPerSecond: z.number().nullable(),
  outputTokensPerSecond: z.number().nullable(),
  /** Means over requests, in seconds, exact (sum / count). */
  queueSecondsMean: z.number().nullable(),
  ttftSecondsMean: z.number().nullable(),
  ttftScope: z.string().nullable(),
  e2eSecondsMean: z.number().nullable(),
  aborted: z.number().nullable(),
  retractions: z.number().nullable(),
  restarted: z.boolean(),
  problems: z.array(z.string()),
});
export type EngineReadings = z.infer<typeof engineReadingsSchema>;

/** null when a used segment has no pair of snapshots: a sum over the others would look complete and is not. */
export function engineReadings(deltas: readonly (EngineDelta | null)[]): EngineReadings | null {
  const known = deltas.filter((delta) => delta !== null);
  if (known.length === 0 || known.length < deltas.length) return null;
  const sum = (field: (delta: EngineDelta) => number | null) => sumKnown(known.map(field));
  const promptTokens = sum((delta) => delta.prompt_tokens);
  const completionTokens = sum((delta) => delta.generation_tokens);
  const cachedTokens = sum((delta) => delta.cached_tokens);
  const requests = sum((delta) => delta.num_requests);
  const seconds = sum((delta) => delta.wall_clock_seconds) ?? 0;
  return {
    engine: known[0]?.engine ?? null,
    seconds,
    requests,
    promptTokens,
    completionTokens,
    cachedTokens,
    cacheHitRate: ratio(cachedTokens, promptTokens),
    inputTokensPerSecond: ratio(promptTokens, seconds),
    outputTokensPerSecond: ratio(completionTokens, seconds),
    queueSecondsMean: meanObserved(known, "queueTime"),
    ttftSecondsMean: meanObserved(known, "timeToFirstToken"),
    ttftScope: known[0]?.ttft_scope ?? null,
    e2eSecondsMean: meanObserved(known, "endToEnd"),
    aborted: sum((delta) => delta.aborted),
    retractions: sum((delta) => delta.retractions),
    restarted: known.some(({ reset }) => reset),
    problems: [...new Set(known.flatMap(({ problems }) => problems))],
  };
}

/** Sum / count of a histogram over all intervals; also where the engine does not count requests. */
export function meanObserved(deltas: readonly EngineDelta[], concept: HistogramConcept): number | null {
  const of = (part: keyof Observed) => sumKnown(deltas.map(({ observed }) => observed[concept][part]));
  return ratio(of("seconds"), of("count"));
}
