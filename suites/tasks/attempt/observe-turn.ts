import type { ReadTurn } from "../../../bench/agent/transcript/read-turn.ts";
import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import type { ToolCallLog } from "../../../bench/workload/workload.ts";
import type { ObservedCall, ObservedMessage, ObservedTurn } from "../contract/observation.ts";

/** A turn as it was played. */
export interface PlayedTurn {
  /** 0-based. */
  readonly index: number;
  readonly message: string;
  readonly read: ReadTurn;
  /** Tool calls that were executed in it, in order. */
  readonly log: readonly ToolCallLog[];
  readonly exchanges: readonly Exchange[];
  readonly promptedNs: number;
  readonly endedNs: number;
  readonly changedFiles: readonly string[];
}

type Spoken = Extract<TranscriptMessage, { readonly role: "assistant" | "user" }>;
type Answer = Extract<TranscriptMessage, { readonly role: "tool" }>;

/**
 * What a turn was seen to be: each answer of the model with the calls that somebody answered. A call that the agent program
 * refused by itself was never executed, and is a failed call all the same; its time is that of the answer that asked for it.
 */
export function observeTurn(played: PlayedTurn): {
  readonly turn: ObservedTurn;
  readonly calls: readonly ObservedCall[];
} {
  const { index, message, read, promptedNs, endedNs, changedFiles } = played;
  const { turn, messages } = read;
  const calls: ObservedCall[] = [];
  const assistant: ObservedMessage[] = [];
  const unused = [...played.log];
  for (const [at, spoken] of messages.entries()) {
    if (spoken.role !== "assistant") continue;
    const made = callsOf(spoken, messages.slice(at + 1)).map(({ call, answer }) => {
      const line = answer.answeredBy === "tool-server" ? take(unused, { call, answer }) : undefined;
      const askedNs =
        played.exchanges.find(({ requestId }) => requestId === spoken.requestId)?.endedNs ?? endedNs;
      return {
        turn: index,
        name: call.name,
        argumentsText: call.arguments,
        result: answer.content,
        error: answer.error,
        startedNs: line?.startedNs ?? askedNs,
        endedNs: line?.endedNs ?? askedNs,
      };
    });
    calls.push(...made);
    assistant.push({ text: spoken.content ?? "", calls: made.length });
  }
  return {
    calls,
    turn: {
      message,
      reply: turn.status === "answered" ? turn.text : null,
      assistant,
      status: turn.status,
      promptedNs,
      endedNs,
      changedFiles,
    },
  };
}

function callsOf(spoken: Spoken, behind: readonly TranscriptMessage[]) {
  const next = behind.findIndex(({ role }) => role !== "tool");
  const answers = (next === -1 ? behind : behind.slice(0, next)).filter(
    (one): one is Answer => one.role === "tool",
  );
  return (spoken.toolCalls ?? []).flatMap((call) => {
    const found = answers.findIndex(({ toolCallId }) => toolCallId === call.id);
    const [answer] = found === -1 ? [] : answers.splice(found, 1);
    return answer === undefined ? [] : [{ call, answer }];
  });
}

/** Its line in the log; a model may use an id twice, so what was taken is gone. */
function take(
  unused: ToolCallLog[],
  {
    call,
    answer,
  }: { readonly call: { readonly id: string; readonly name: string }; readonly answer: Answer },
): ToolCallLog | undefined {
  const named = unused.filter(({ name }) => name === call.name);
  const line =
    named.find((one) => one.toolCallId === call.id && one.content === answer.content) ??
    named.find((one) => one.toolCallId === call.id) ??
    named.find((one) => one.content === answer.content);
  if (line !== undefined) unused.splice(unused.indexOf(line), 1);
  return line;
}
