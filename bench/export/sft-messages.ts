import type { Trajectory } from "../store/record.ts";
import type { LeftOut } from "./left-out.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import { argumentObject, type ArgumentObject } from "./sft-arguments.ts";

/** A message as the agent's model saw it or wrote it. */
export interface SftMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** Empty where the model gave none. */
  readonly reasoning: string;
  readonly calls: readonly SftCall[];
  /** Of a tool's result; null elsewhere. */
  readonly toolCallId: string | null;
  /** The model's request that wrote it; null for what no model wrote. */
  readonly requestId: string | null;
}

export interface SftCall {
  readonly id: string;
  readonly name: string;
  /** As the server gave it. */
  readonly text: string;
  readonly arguments: ArgumentObject;
}

type Stored = Trajectory["messages"][number];
type Spoken = Extract<Stored, { readonly usage: unknown }>;

/**
 * The conversation as the agent's model saw it, up to the last thing that it said; what came behind is nothing to learn
 * from, and some templates drop the reasoning before it. The simulated user's own calls are left out: the model never saw
 * them.
 */
export function sftMessages({ trajectory, system }: InlinedTrajectory): readonly SftMessage[] | LeftOut {
  const messages: SftMessage[] = system === "" ? [] : [{ ...empty, role: "system", content: system }];
  const open: string[] = [];
  for (const stored of seenByAgent(trajectory.messages)) {
    const broken = historyProblem(stored, open);
    if (broken !== null) return { reason: broken };
    const message = messageOf(stored);
    if ("reason" in message) return message;
    messages.push(message);
  }
  const last = messages.findLastIndex(({ requestId }) => requestId !== null);
  if (last === -1) return { reason: "no message of a model is in it" };
  if (messages.some(({ content, reasoning }) => !content.isWellFormed() || !reasoning.isWellFormed()))
    return { reason: "a text holds half of a surrogate pair, which no tokenizer reads" };
  return messages.slice(0, last + 1);
}

const empty = { content: "", reasoning: "", calls: [], toolCallId: null, requestId: null } as const;

function seenByAgent(messages: readonly Stored[]): readonly Stored[] {
  return messages.filter((message) =>
    message.role === "tool"
      ? message.requestor === "assistant"
      : message.role === "assistant" || message.toolCalls === null,
  );
}

/** @param open ids of calls that have no result yet; brought up to date here */
function historyProblem(message: Stored, open: string[]): string | null {
  if (message.role === "tool") {
    const at = open.indexOf(message.toolCallId);
    if (at === -1) return "a tool result answers no call of the message before it";
    open.splice(at, 1);
    return null;
  }
  if (open.length > 0) return "a call has no result, and the conversation goes on";
  open.push(...(message.toolCalls ?? []).map(({ id }) => id));
  return null;
}

function messageOf(stored: Stored): SftMessage | LeftOut {
  if (stored.role === "tool")
    return { ...empty, role: "tool", content: stored.content, toolCallId: stored.toolCallId };
  const { role, content, requestId } = stored;
  if (role === "user") return { ...empty, role, content: content ?? "" };
  const calls = (stored.toolCalls ?? []).map(callOf);
  const unreadable = calls.find(({ arguments: read }) => read === null);
  if (unreadable !== undefined)
    return {
      reason: "arguments of a call are no JSON object",
      detail: `${unreadable.name}: ${JSON.stringify(unreadable.text)}`,
    };
  return {
    ...empty,
    role,
    content: content ?? "",
    reasoning: stored.reasoning ?? "",
    calls: calls.flatMap(({ arguments: read, ...call }) =>
      read === null ? [] : [{ ...call, arguments: read }],
    ),
    requestId,
  };
}

function callOf({ id, name, arguments: text }: NonNullable<Spoken["toolCalls"]>[number]) {
  return { id, name, text, arguments: argumentObject(text) };
}
