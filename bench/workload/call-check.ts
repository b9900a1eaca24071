import type { TranscriptMessage, TranscriptToolCall } from "../transcript/transcript.ts";
import { sameArguments } from "./same-arguments.ts";
import type { ToolCallLog } from "./workload.ts";

/** What the tool server's log says of an executed call, as far as it is compared. */
export type ExecutedCall = Pick<ToolCallLog, "name" | "argumentsText">;

/**
 * The invariant of an episode: the calls of the agent's model in the transcript are those that the tool server executed,
 * by names, arguments and order. A reward is computed from the transcript, so it would be that of another episode where
 * they differ. Returns the first difference in words, null where there is none.
 *
 * Not in the log are calls that the agent program answered by itself, and, in the last message of the model, calls that
 * were not executed any more because something ended the turn.
 */
export function callDifference(
  messages: readonly TranscriptMessage[],
  executed: readonly ExecutedCall[],
): string | null {
  const calls = callsOf(messages);
  let next = 0;
  for (const [position, call] of calls.entries()) {
    const entry = executed[next];
    if (call.answeredBy === "agent") continue;
    if (entry !== undefined && entry.name === call.name && sameArguments(entry.argumentsText, call.arguments))
      next += 1;
    else if (call.answeredBy !== null || !call.ofLastMessage) {
      const instead = entry === undefined ? "executed no further call" : `executed ${shownEntry(entry)}`;
      return `call ${position + 1} is ${shownCall(call)} in the transcript, and the tool server ${instead}`;
    }
  }
  const left = executed[next];
  if (left === undefined) return null;
  return `the tool server executed ${shownEntry(left)} as call ${next + 1} of ${executed.length}, which is not in the transcript`;
}

interface CallInTranscript extends TranscriptToolCall {
  /** null: nobody did. */
  readonly answeredBy: "tool-server" | "agent" | null;
  readonly ofLastMessage: boolean;
}

/** What the task began with has no request, and was never executed. */
function callsOf(messages: readonly TranscriptMessage[]): CallInTranscript[] {
  const lastAt = messages.findLastIndex((message) => message.role === "assistant");
  return messages.flatMap((message, at) => {
    if (message.role !== "assistant" || message.requestId === null) return [];
    const answers = answersBehind(messages, at);
    return (message.toolCalls ?? []).map((call) => {
      const found = answers.findIndex(({ toolCallId }) => toolCallId === call.id);
      const [answer] = found === -1 ? [] : answers.splice(found, 1);
      return { ...call, answeredBy: answer?.answeredBy ?? null, ofLastMessage: at === lastAt };
    });
  });
}

function answersBehind(messages: readonly TranscriptMessage[], at: number) {
  const answers: Extract<TranscriptMessage, { role: "tool" }>[] = [];
  for (const message of messages.slice(at + 1)) {
    if (message.role !== "tool") break;
    answers.push(message);
  }
  return answers;
}

const shownCall = ({ name, arguments: text }: TranscriptToolCall) => `${name}(${shortened(text)})`;
const shownEntry = ({ name, argumentsText }: ExecutedCall) => `${name}(${shortened(argumentsText)})`;
const shortened = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
