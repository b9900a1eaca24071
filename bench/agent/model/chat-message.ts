import type { TranscriptToolCall } from "../../transcript/transcript.ts";

/** A message as an OpenAI-compatible endpoint takes it. */
export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string | null;
      readonly tool_calls?: readonly ChatToolCall[];
    }
  | { readonly role: "tool"; readonly content: string; readonly tool_call_id: string };

export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What a model said, as it is told to the next request; argument texts stay as the model wrote them. */
export function assistantMessage(said: {
  readonly content: string | null;
  readonly toolCalls: readonly TranscriptToolCall[] | null;
}): ChatMessage {
  if (said.toolCalls === null) return { role: "assistant", content: said.content };
  const calls = said.toolCalls.map(({ id, name, arguments: text }): ChatToolCall => {
    return { id, type: "function", function: { name, arguments: text } };
  });
  return { role: "assistant", content: said.content, tool_calls: calls };
}
