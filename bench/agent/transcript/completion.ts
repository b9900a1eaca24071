import type { Answer, TokenUsage } from "../../answer/answer.ts";
import type { TranscriptToolCall } from "../../transcript/transcript.ts";

/** What the model said in one chat completion, with argument texts exactly as it wrote them. */
export interface Completion {
  readonly content: string | null;
  readonly toolCalls: readonly TranscriptToolCall[] | null;
  readonly finishReason: string | null;
  readonly usage: TokenUsage | null;
}

/** An answer in the transcript's form: an empty text beside tool calls is null, as tau2 stores it. */
export function completionOf({ calls, text, finish, usage }: Answer): Completion {
  const toolCalls = calls.map(({ id, name, argumentsText }) => ({ id, name, arguments: argumentsText }));
  return {
    content: text === "" && calls.length > 0 ? null : text,
    toolCalls: calls.length > 0 ? toolCalls : null,
    finishReason: finish,
    usage,
  };
}
