import { z } from "zod";
import { readAnswer } from "../../answer/read-answer.ts";
import type { Exchange } from "../../workload/exchange.ts";
import type { TranscriptMessage } from "../../transcript/transcript.ts";
import type { ToolCallLog } from "../../workload/workload.ts";
import { completionOf } from "./completion.ts";

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
  return exchanges.flatMap((exchange, index) => {
    if (exchange.status !== 200) return [];
    const answer = readAnswer(exchange.responseBody);
    if (!answer.begun) return [];
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
    const answers = (completion.toolCalls ?? []).flatMap((call) => {
      const result = takeAnswer(unused, call) ?? answerInHistory(exchanges.slice(index + 1), call.id);
      return result ? [result] : [];
    });
    return [spoken, ...answers];
  });
}

interface CallIdentity {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** By id and argument text first: a model may use one id twice, so a used entry is removed. */
function takeAnswer(unused: ToolCallLog[], call: CallIdentity): TranscriptMessage | null {
  const position = unused.findIndex((entry) => entry.toolCallId === call.id && entry.name === call.name);
  const entry = unused[position];
  if (!entry) return null;
  unused.splice(position, 1);
  return {
    role: "tool",
    toolCallId: call.id,
    content: entry.content,
    error: entry.error,
    requestor: "assistant",
    answeredBy: "tool-server",
  };
}

const historySchema = z.object({
  messages: z.array(
    z.object({ role: z.string(), tool_call_id: z.string().optional(), content: z.unknown() }),
  ),
});

function answerInHistory(later: readonly Exchange[], toolCallId: string): TranscriptMessage | null {
  for (const exchange of later) {
    const body = historySchema.safeParse(JSON.parse(exchange.requestBody));
    const message = body.data?.messages.findLast((candidate) => candidate.tool_call_id === toolCallId);
    if (message) {
      return {
        role: "tool",
        toolCallId,
        content: typeof message.content === "string" ? message.content : JSON.stringify(message.content),
        error: true,
        requestor: "assistant",
        answeredBy: "agent",
      };
    }
  }
  return null;
}
