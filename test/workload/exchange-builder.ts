import type { Exchange } from "../../bench/workload/exchange.ts";
import type { ToolCallLog } from "../../bench/workload/workload.ts";

/** A stream of these events, to its end. */
export const sse = (...parts: readonly unknown[]) =>
  [...parts.map((part) => `data: ${JSON.stringify(part)}\n\n`), "data: [DONE]\n\n"].join("");

export const delta = (change: unknown, finish: string | null = null) => ({
  choices: [{ delta: change, finish_reason: finish }],
});

/** A call in one delta. */
export const called = (id: string, name: string, text = "{}") => ({
  tool_calls: [{ index: 0, id, function: { name, arguments: text } }],
});

/** An outer exchange that went well, with these changes. */
export function exchange(changes: Partial<Exchange>): Exchange {
  return {
    v: 1,
    hop: "outer",
    arm: "raw",
    requestId: "r1",
    episodeId: "e",
    attemptKey: "a",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 0,
    responseBytes: 0,
    startedNs: 0,
    requestEndNs: 0,
    firstByteNs: 0,
    firstTokenNs: 0,
    lastTokenNs: 0,
    endedNs: 0,
    chunks: [],
    usage: null,
    finishReason: null,
    requestBody: "{}",
    responseBody: "",
    ...changes,
  };
}

/** An executed call of the agent, with these changes. */
export const executedCall = (changes: Partial<ToolCallLog>): ToolCallLog => ({
  episodeId: "e",
  attemptKey: "a",
  toolCallId: "c1",
  name: "find",
  argumentsText: '{"n": 2.0}',
  requestor: "assistant",
  content: "found",
  error: false,
  receivedNs: 0,
  startedNs: 0,
  endedNs: 0,
  ...changes,
});
