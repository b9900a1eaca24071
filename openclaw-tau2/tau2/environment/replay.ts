import { TollgateError } from "../../../bench/errors.ts";
import type { EnvironmentReply, Tau2Message, Tau2ToolCall } from "../contract/domain.ts";
import type { Environment } from "../contract/domain.ts";
import { equal } from "../python/compare.ts";
import { PythonError } from "../python/error.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyValue } from "../python/value.ts";

/** A transcript that the environment cannot repeat: a broken pairing, or a strict replay with another result. */
export class ReplayError extends TollgateError {
  readonly code = "TOLLGATE_TAU2_REPLAY";
}

type ToolMessage = Extract<Tau2Message, { role: "tool" }>;

interface RecordedCall {
  readonly call: Tau2ToolCall;
  readonly message: ToolMessage;
}

/**
 * Runs the state-changing calls of a transcript again, failed ones too. Unknown tools and reads are skipped. Results are
 * compared as JSON values where both sides are JSON; a difference throws ReplayError when `strict`.
 */
export function replay(environment: Environment, history: readonly Tau2Message[], strict: boolean): void {
  for (const { call, message } of recordedCalls(history)) {
    if (environment.mutates(call.name, call.requestor) !== true) continue;
    const reply = environment.call(call);
    if (!equal(contentValue(reply.content), contentValue(message.content)) && strict) {
      throw new ReplayError(differenceText(call, reply, message));
    }
  }
}

function recordedCalls(history: readonly Tau2Message[]): RecordedCall[] {
  const recorded: RecordedCall[] = [];
  const messages = history.values();
  for (const message of messages) {
    if (message.role === "tool") {
      throw new ReplayError("Tool message not expected. Tool messages should always follow a tool call.");
    }
    for (const call of message.toolCalls ?? []) {
      const next = messages.next();
      if (next.done === true) throw new ReplayError("Tool message expected. Got None.");
      recorded.push({ call, message: resultOf(call, next.value) });
    }
  }
  return recorded;
}

function resultOf(call: Tau2ToolCall, message: Tau2Message): ToolMessage {
  if (message.role !== "tool") {
    const type = message.role === "user" ? "UserMessage" : "AssistantMessage";
    throw new ReplayError(`Tool message expected. Got <class 'tau2.data_model.message.${type}'>`);
  }
  if (message.id !== call.id) {
    throw new ReplayError(`Tool call id mismatch. Got ${call.id} and ${message.id}`);
  }
  return message;
}

/** A result as a JSON value, or as text where it is none. */
function contentValue(content: string | null): PyValue {
  if (content === null) {
    throw new ReplayError("the JSON object must be str, bytes or bytearray, not NoneType");
  }
  try {
    return parseJson(content);
  } catch (error) {
    if (error instanceof PythonError && error.type === "JSONDecodeError") return content;
    throw error;
  }
}

function differenceText(call: Tau2ToolCall, reply: EnvironmentReply, message: ToolMessage): string {
  return (
    `Tool call:\n${call.name} (from ${call.requestor}, id ${call.id}) with ${call.argumentsText}\n\n` +
    `Returned:\n${reply.content}\n\nExpected:\n${message.content}`
  );
}
