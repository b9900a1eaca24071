import type { TranscriptMessage } from "../../bench/transcript/transcript.ts";
import type { Tau2Message } from "../tau2/contract/domain.ts";

/** The transcript as tau2's evaluator reads it; calls are tagged with who made them. */
export function tau2Messages(messages: readonly TranscriptMessage[]): Tau2Message[] {
  return messages.map((message) => {
    if (message.role === "tool") {
      const { toolCallId, content, requestor, error } = message;
      return { role: "tool", id: toolCallId, content, requestor, error };
    }
    return {
      role: message.role,
      content: message.content,
      toolCalls:
        message.toolCalls?.map(({ id, name, arguments: argumentsText }) => ({
          id,
          name,
          argumentsText,
          requestor: message.role,
        })) ?? null,
    };
  });
}

/** The other way: a task's own message history as the beginning of a transcript. */
export function transcriptMessages(history: readonly Tau2Message[]): TranscriptMessage[] {
  return history.map((message) => {
    if (message.role === "tool") {
      return {
        role: "tool",
        toolCallId: message.id,
        content: message.content ?? "",
        error: message.error,
        requestor: message.requestor,
        answeredBy: "tool-server",
      };
    }
    return {
      role: message.role,
      content: message.content,
      toolCalls:
        message.toolCalls?.map(({ id, name, argumentsText }) => ({ id, name, arguments: argumentsText })) ??
        null,
      requestId: null,
      usage: null,
    };
  });
}
