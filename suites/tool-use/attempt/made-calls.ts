import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import type { Fault } from "../contract/case.ts";
import type { MadeCall } from "../contract/made-call.ts";

type Result = Extract<TranscriptMessage, { role: "tool" }>;

/** The calls of a transcript in the order in which the model made them, with what came of each. */
export function madeCalls(messages: readonly TranscriptMessage[], faults: readonly Fault[]): MadeCall[] {
  return messages.flatMap((message, at) => {
    if (message.role !== "assistant") return [];
    const results = resultsBehind(messages, at);
    return (message.toolCalls ?? []).map(({ id, name, arguments: argumentsText }): MadeCall => {
      const found = results.findIndex(({ toolCallId }) => toolCallId === id);
      const [result] = found === -1 ? [] : results.splice(found, 1);
      return {
        name,
        argumentsText,
        outcome: outcomeOf(name, result, faults),
        content: result?.content ?? "",
      };
    });
  });
}

function resultsBehind(messages: readonly TranscriptMessage[], at: number): Result[] {
  const results: Result[] = [];
  for (const message of messages.slice(at + 1)) {
    if (message.role !== "tool") break;
    results.push(message);
  }
  return results;
}

/** An injected error is known by its words, which no tool of ours says by itself. */
function outcomeOf(name: string, result: Result | undefined, faults: readonly Fault[]): MadeCall["outcome"] {
  if (result === undefined) return "not-executed";
  if (result.answeredBy === "agent") return "refused";
  if (!result.error) return "ok";
  return faults.some(({ tool, content }) => tool === name && content === result.content)
    ? "injected"
    : "failed";
}

/** What the model said last, after its calls; null: nothing. */
export function lastWords(messages: readonly TranscriptMessage[]): string | null {
  const last = messages.at(-1);
  return last?.role === "assistant" && last.toolCalls === null && last.content !== "" ? last.content : null;
}
