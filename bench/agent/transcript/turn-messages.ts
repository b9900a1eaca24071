import { answerOf } from "../../workload/exchange-answer.ts";
import type { Exchange } from "../../workload/exchange.ts";
import { sameArguments } from "../../workload/same-arguments.ts";
import type { TranscriptMessage, TranscriptToolCall } from "../../transcript/transcript.ts";
import type { ToolCallLog } from "../../workload/workload.ts";
import { completionOf } from "./completion.ts";
import { continuationOf, ownResult, type PlacedCall } from "./continuation.ts";

/**
 * The messages of one agent turn, from what the outer tap saw and what the tool server did. The tap alone knows the
 * model's own words (text beside tool calls, raw argument texts); the tool log alone knows what a tool answered. A call
 * that the agent program answered by itself (schema-invalid arguments, unknown tool) is in neither: its text is taken
 * from the next request's history.
 *
 * @param exchanges outer exchanges of the turn in order of start; those whose answer never began are skipped.
 * @param toolLog calls of the requestor `assistant` since the last turn, in order of receipt.
 */
export function turnMessages(
  exchanges: readonly Exchange[],
  toolLog: readonly ToolCallLog[],
): TranscriptMessage[] {
  const unused = [...toolLog];
  const ids = new Set(exchanges.flatMap((exchange) => answerOf(exchange).calls.map(({ id }) => id)));
  return exchanges.flatMap((exchange, index) => {
    const answer = answerOf(exchange);
    if (exchange.status !== 200 || !answer.begun) return [];
    const completion = completionOf(answer);
    const spoken: TranscriptMessage = {
      role: "assistant",
      content: completion.content,
      // Kept for who reads or trains on the episode; no agent sends it back.
      ...(answer.reasoning !== "" && { reasoning: answer.reasoning }),
      toolCalls: completion.toolCalls,
      requestId: exchange.requestId,
      usage: completion.usage,
    };
    const calls = completion.toolCalls ?? [];
    const answers = calls.flatMap((call, position) => {
      const placed = { call, position, count: calls.length };
      const result =
        takeAnswer(unused, call, ids) ?? answerInHistory(exchange, exchanges.slice(index + 1), placed);
      return result ? [result] : [];
    });
    return [spoken, ...answers];
  });
}

/**
 * The execution of a call. A model may use one id twice, so a used entry is removed, and one with the same arguments goes
 * first; an agent program may have given the call an id of its own.
 */
function takeAnswer(
  unused: ToolCallLog[],
  call: TranscriptToolCall,
  ids: ReadonlySet<string>,
): TranscriptMessage | null {
  const named = unused.filter(({ name }) => name === call.name);
  const entry =
    named.find((it) => it.toolCallId === call.id && sameArguments(it.argumentsText, call.arguments)) ??
    named.find((it) => it.toolCallId === call.id) ??
    named.find((it) => !ids.has(it.toolCallId ?? "") && sameArguments(it.argumentsText, call.arguments));
  if (!entry) return null;
  unused.splice(unused.indexOf(entry), 1);
  return {
    role: "tool",
    toolCallId: call.id,
    content: entry.content,
    error: entry.error,
    requestor: "assistant",
    answeredBy: "tool-server",
  };
}

/** What the agent program answered to a call by itself, in the request that carries the answer on. */
function answerInHistory(
  exchange: Exchange,
  later: readonly Exchange[],
  placed: PlacedCall,
): TranscriptMessage | null {
  const continuation = continuationOf(exchange, later);
  const message = continuation && ownResult(continuation, placed);
  if (message === null) return null;
  return {
    role: "tool",
    toolCallId: placed.call.id,
    content: typeof message.content === "string" ? message.content : JSON.stringify(message.content),
    error: true,
    requestor: "assistant",
    answeredBy: "agent",
  };
}
