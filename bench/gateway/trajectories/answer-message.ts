import { readAnswer } from "../../answer/read-answer.ts";
import type { Message } from "../rendering/normalise-messages.ts";

/** The assistant's message in a recorded answer, as a chat template takes it; null where there is none to read. */
export function answerMessage(responseBody: string): Message | null {
  const { begun, calls, text } = readAnswer(responseBody);
  if (!begun) return null;
  const toolCalls = calls.map(({ name, argumentsText }) => {
    return { type: "function", function: { name, arguments: argumentsText } };
  });
  return { role: "assistant", content: text, ...(calls.length > 0 && { tool_calls: toolCalls }) };
}
