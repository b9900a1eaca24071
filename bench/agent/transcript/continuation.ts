import type { TranscriptToolCall } from "../../transcript/transcript.ts";
import type { Exchange } from "../../workload/exchange.ts";
import { requestMessages, type RequestCall, type RequestMessage } from "./request-messages.ts";

/** What an agent program says of an answer in the request with which it goes on. */
export interface Continuation {
  /** The answer's calls as the agent program has read them. */
  readonly calls: readonly RequestCall[];
  /** What stands behind the answer: before it are results of calls that may have the same ids. */
  readonly behind: readonly RequestMessage[];
}

/** null: the agent program did not go on. */
export function continuationOf(exchange: Exchange, later: readonly Exchange[]): Continuation | null {
  const known = requestMessages(exchange.requestBody).length;
  const next = later
    .map(({ requestBody }) => requestMessages(requestBody))
    .find(({ length }) => length > known);
  if (next === undefined) return null;
  const answerAt = next.findLastIndex(({ role }) => role === "assistant");
  return { calls: next[answerAt]?.tool_calls ?? [], behind: next.slice(answerAt + 1) };
}

/** A call of an answer with its place in it. */
export interface PlacedCall {
  readonly call: TranscriptToolCall;
  readonly position: number;
  readonly count: number;
}

/** The same call in the agent program's own words: by its id, or by its place where the program has given ids of its own. */
export function ownCall({ calls }: Continuation, { call, position, count }: PlacedCall): RequestCall | null {
  const there = calls[position];
  if (there?.id === call.id) return there;
  const named = calls.find(({ id }) => id === call.id);
  return named ?? (calls.length === count ? there : undefined) ?? null;
}

/** What the agent program sent back as the result of a call. */
export function ownResult(continuation: Continuation, placed: PlacedCall): RequestMessage | null {
  const id = ownCall(continuation, placed)?.id ?? placed.call.id;
  return continuation.behind.find((message) => message.tool_call_id === id) ?? null;
}
