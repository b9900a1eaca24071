import { z } from "zod";

const known = z.number().nullable();

/**
 * A line of `engines.ndjson` in a segment's evidence folder: what an engine said of itself at one moment of the work. null:
 * it does not say, or its page could not be read. Counters count from the engine's start.
 */
export const engineSampleSchema = z.object({
  v: z.literal(1),
  role: z.enum(["agent", "user"]),
  /** Monotonic nanoseconds of the driver's host. */
  atNs: z.number(),
  running: known,
  queued: known,
  /** Share of the memory for keys and values that is in use, 0..1. */
  kvUsage: known,
  requests: known,
  promptTokens: known,
  generationTokens: known,
  cachedTokens: known,
  /** Why nothing is known; absent where the page was read. */
  error: z.string().optional(),
});
export type EngineSample = z.infer<typeof engineSampleSchema>;
