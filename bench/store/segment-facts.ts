import { z } from "zod";

/** Gauges of one process or thread on the client's side, over a segment. */
export const pressureSchema = z.object({
  process: z.string(),
  /** Share of time its event loop was busy, 0..1; null when it did not say. */
  eventLoopUtilization: z.number().nullable(),
  /** How late its timers ran, milliseconds; absent where they were not watched. */
  loopDelayMs: z
    .object({ samples: z.number(), p50: z.number(), p99: z.number(), max: z.number() })
    .nullable()
    .optional(),
});
export type Pressure = z.infer<typeof pressureSchema>;

/**
 * `segment.json` in a segment's evidence folder: what the driver knows about a segment and no other file holds.
 * Absent after kill -9.
 */
export const segmentFactsSchema = z.object({
  v: z.literal(1),
  cellId: z.string(),
  segmentId: z.string(),
  load: z.string(),
  cacheFlushed: z.boolean(),
  drained: z.boolean(),
  /** Snapshots that could not be taken, by role, with the reason. */
  scrapeErrors: z.record(z.string(), z.string()),
  /** Gauges of the processes on the client's side: agents, the driver itself, the taps. */
  pressure: z.array(
    pressureSchema.extend({
      /** Whether the kernel was told to let it run at once; absent where nobody asked. */
      scheduling: z.string().optional(),
    }),
  ),
  /** Share of the processors' time that the hypervisor took, 0..1; null where nobody can tell. */
  stolenShare: z.number().nullable().optional(),
  /** Sums of each tap listener over the segment. */
  tapTotals: z.record(
    z.string(),
    z.object({
      requests: z.number(),
      completed: z.number(),
      failed: z.number(),
      withoutUsage: z.number(),
      promptTokens: z.number(),
      completionTokens: z.number(),
      cachedTokens: z.number(),
      requestBytes: z.number(),
      responseBytes: z.number(),
    }),
  ),
  /** Connections to each listener's upstream, and requests that had to be sent again over a new one; absent in old runs. */
  tapConnections: z.record(z.string(), z.object({ opened: z.number(), sentAgain: z.number() })).optional(),
  /** What the arm's gateway still held after the segment; absent where it could not be asked. */
  gatewayLeftovers: z.object({ sessions: z.number(), tensors: z.number().nullable() }).optional(),
  /** Readings of the engines' pages while the work went on (`engines.ndjson`); absent where none were taken. */
  engineSamples: z
    .object({
      intervalSeconds: z.number(),
      /** Of all engines together. */
      readings: z.number().int(),
      /** Of them, those that gave no page. */
      failed: z.number().int(),
      /** Why it ended before the work did; absent where it did not. */
      error: z.string().optional(),
    })
    .optional(),
  /** Identity of the engine process by role (pid, container, server info); absent where the driver cannot tell. */
  engineIdentity: z.record(z.string(), z.string()).optional(),
});

export type SegmentFacts = z.infer<typeof segmentFactsSchema>;
