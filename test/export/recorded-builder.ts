import type { RecordedCall, RecordedEpisode } from "../../bench/workload/recorded-episode.ts";

export type Recorded = Omit<RecordedEpisode, "episodeId" | "attemptKey">;

export function buildCall(overrides: Partial<RecordedCall> = {}): RecordedCall {
  return {
    interactionId: "i1",
    requestId: "r1",
    parent: null,
    sharedTokens: 0,
    breakCause: null,
    promptTail: [1, 2, 3],
    outputIds: [10, 11],
    outputLogprobs: [-0.5, -0.25],
    weightVersion: 4,
    finishReason: "tool_calls",
    reward: null,
    ...overrides,
  };
}

export function buildRecorded(calls: readonly RecordedCall[], overrides: Partial<Recorded> = {}): Recorded {
  return {
    v: 1,
    level: "L2",
    recorder: "tollgate",
    tokenizerSha256: "ab".repeat(32),
    calls: [...calls],
    dropped: [],
    ...overrides,
  };
}

/** Two calls, the second of which goes on where the first ended. */
export const continued = buildRecorded([
  buildCall(),
  buildCall({
    interactionId: "i2",
    requestId: "r2",
    parent: 0,
    sharedTokens: 5,
    promptTail: [4],
    outputIds: [12, 13, 14],
    outputLogprobs: [-1, -2, -3],
    weightVersion: 5,
    finishReason: "stop",
    reward: 1,
  }),
]);

/** The second prompt drops the first call's last token. */
export const broken = buildRecorded([
  buildCall(),
  buildCall({
    interactionId: "i2",
    requestId: "r2",
    parent: 0,
    sharedTokens: 4,
    breakCause: "messages[2].content was rewritten",
    promptTail: [9, 4],
    outputIds: [12],
    outputLogprobs: [-1],
    finishReason: "stop",
    reward: 1,
  }),
]);
