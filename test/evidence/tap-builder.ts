import type { TapTiming } from "../../bench/evidence/tap-timing.ts";

/** A streamed chat request of 10 ms at the outer tap: head at 1 ms, tokens from 2 to 9 ms. */
export function buildTiming(changes: Partial<TapTiming> = {}): TapTiming {
  return {
    v: 1,
    hop: "outer",
    arm: "raw",
    requestId: "r0",
    episodeId: "e0",
    attemptKey: "e0-a",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 100,
    responseBytes: 100,
    startedNs: 0,
    requestEndNs: 0,
    firstByteNs: 1e6,
    firstTokenNs: 2e6,
    lastTokenNs: 9e6,
    endedNs: 10e6,
    usage: { promptTokens: 100, completionTokens: 8, cachedTokens: 0 },
    finishReason: "stop",
    ...changes,
  };
}
