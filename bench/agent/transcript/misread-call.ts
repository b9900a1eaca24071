import type { TranscriptMessage, TranscriptToolCall } from "../../transcript/transcript.ts";
import type { Exchange } from "../../workload/exchange.ts";
import { sameArguments } from "../../workload/same-arguments.ts";
import { continuationOf, ownCall } from "./continuation.ts";
import type { RequestCall } from "./request-messages.ts";

/**
 * The first call that an agent program read otherwise than the model's answer has it, and answered by itself, in words; null
 * where there is none. The tool server never saw such a call, so its log cannot show the difference: an episode with it
 * would be worth what the agent program's reader is worth.
 *
 * @param exchanges outer exchanges of a turn, in order of start
 * @param messages the transcript of the same turn
 */
export function misreadCall(
  exchanges: readonly Exchange[],
  messages: readonly TranscriptMessage[],
): string | null {
  for (const [at, message] of messages.entries()) {
    if (message.role !== "assistant" || message.toolCalls === null) continue;
    const answered = idsAnsweredByAgent(messages.slice(at + 1));
    if (answered.size === 0) continue;
    const exchangeAt = exchanges.findIndex(({ requestId }) => requestId === message.requestId);
    const exchange = exchanges[exchangeAt];
    const continuation = exchange && continuationOf(exchange, exchanges.slice(exchangeAt + 1));
    if (!continuation) continue;
    const { length: count } = message.toolCalls;
    for (const [position, call] of message.toolCalls.entries()) {
      const own = answered.has(call.id) ? ownCall(continuation, { call, position, count }) : null;
      if (own !== null && !isSame(call, own)) {
        return `the agent program read the model's call ${shownCall(call.name, call.arguments)} as ${shownCall(own.function.name, own.function.arguments)}`;
      }
    }
  }
  return null;
}

function idsAnsweredByAgent(behind: readonly TranscriptMessage[]): ReadonlySet<string> {
  const next = behind.findIndex(({ role }) => role !== "tool");
  const results = next === -1 ? behind : behind.slice(0, next);
  return new Set(
    results.flatMap((result) =>
      result.role === "tool" && result.answeredBy === "agent" ? [result.toolCallId] : [],
    ),
  );
}

/** Arguments that are no JSON are what the model wrote, whatever the agent program keeps of them. */
function isSame(call: TranscriptToolCall, { function: own }: RequestCall): boolean {
  return call.name === own.name && (!isJson(call.arguments) || sameArguments(call.arguments, own.arguments));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text.trim() === "";
  }
}

const shownCall = (name: string, text: string) =>
  `${name}(${text.length > 200 ? `${text.slice(0, 200)}…` : text})`;
