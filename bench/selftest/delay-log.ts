import { z } from "zod";

/**
 * What the delay gateway did to one request, by its own clock readings around its own waiting: the truth that estimates
 * are held against. Durations in nanoseconds.
 */
export const heldRequestSchema = z.object({
  requestId: z.string(),
  path: z.enum(["null", "delayed"]),
  inFlight: z.number(),
  bodyBytes: z.number(),
  turn: z.number(),
  /** Whole request there -> passed on. */
  requestHeldNs: z.number(),
  /** Head of the answer there -> passed on. null when there was none. */
  headHeldNs: z.number().nullable(),
  /** First chunk with generated text there -> passed on. */
  firstTokenHeldNs: z.number().nullable(),
  /**
   * Last chunk of the answer there -> passed on. Where the client ends a request too: what a server does between its last
   * byte and the end of the body (uvicorn: some milliseconds) is no wait of anybody. null for an answer without a body.
   */
  lastByteHeldNs: z.number().nullable(),
});
export type HeldRequest = z.infer<typeof heldRequestSchema>;

/** What `GET /delay-log` answers. */
export const delayLogSchema = z.object({
  /** The gateway's delay in words. */
  plan: z.string(),
  held: z.array(heldRequestSchema),
});
export type DelayLog = z.infer<typeof delayLogSchema>;

/** Milliseconds by which the gateway made the first generated text later. null when the answer had none. */
export function addedToFirstTokenMs(held: HeldRequest): number | null {
  return held.firstTokenHeldNs === null ? null : (held.requestHeldNs + held.firstTokenHeldNs) / 1e6;
}

/** Milliseconds by which the gateway made the last byte of the answer later. null when the answer had no body. */
export function addedToEndMs(held: HeldRequest): number | null {
  return held.lastByteHeldNs === null ? null : (held.requestHeldNs + held.lastByteHeldNs) / 1e6;
}
