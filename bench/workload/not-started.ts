import type { EpisodeResult, Failure } from "./workload.ts";

/** The result of an attempt that failed, or was cancelled (null), before anything was said. */
export function notStarted(failure: Failure | null): EpisodeResult {
  return {
    ...(failure === null ? { status: "cancelled" } : { status: "failed", failure }),
    termination: null,
    terminationDetail: null,
    steps: 0,
    toolCalls: 0,
    toolErrors: 0,
    labels: [],
    userUsage: { requests: 0, promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    transcript: { system: "", tools: "[]", messages: [] },
  };
}
