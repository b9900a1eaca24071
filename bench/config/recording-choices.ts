/** What a recording gateway can be told. An arm of an experiment and the gateway's own command line offer the same. */

/**
 * What is recorded of a call. L0: text, usage, timings, passed through as it streams. L1: token ids and logprobs from the
 * engine's chat API, which gives them only without streaming, so the client's stream is made after the fact. L2: ids that
 * this gateway rendered and sent to `/generate`, streamed as they are generated.
 */
export const recordingLevels = ["L0", "L1", "L2"] as const;
export type RecordingLevel = (typeof recordingLevels)[number];

/** How a model writes tool calls, in SGLang's names. */
export const toolCallParsers = ["qwen25", "qwen3_coder"] as const;
export type ToolCallParserName = (typeof toolCallParsers)[number];

export const reasoningParsers = ["none", "qwen3"] as const;
export type ReasoningParserName = (typeof reasoningParsers)[number];
