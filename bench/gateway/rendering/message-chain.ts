import { createHash } from "node:crypto";
import { isRecord, type Message } from "./normalise-messages.ts";

/**
 * One digest per prefix of a conversation: `chain[k]` stands for the tools and the first k messages. Two histories are the
 * same for it when a model would read the same: what clients rewrite without meaning it does not count, i.e. ids of tool
 * calls, white space and key order of their arguments, empty content left out, reasoning left out, parts for text.
 */
export type MessageChain = readonly string[];

/**
 * @param messages normalised
 * @param variables of the template
 */
export function chainOf(
  tools: readonly Message[],
  messages: readonly Message[],
  variables: Readonly<Record<string, unknown>>,
): MessageChain {
  let digest = digestOf("", JSON.stringify([tools, variables]));
  return [digest, ...messages.map((message) => (digest = digestOf(digest, canonical(message))))];
}

/** The chain's end with one more message. */
export function extendChain(chain: MessageChain, message: Message): string {
  return digestOf(chain.at(-1) ?? "", canonical(message));
}

function digestOf(before: string, text: string): string {
  return createHash("sha1").update(before).update(text).digest("base64");
}

function canonical(message: Message): string {
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].map(canonicalCall) : [];
  return JSON.stringify([message["role"], message["content"] || "", calls]);
}

function canonicalCall(call: unknown): unknown {
  const fields = isRecord(call) && isRecord(call["function"]) ? call["function"] : isRecord(call) ? call : {};
  return [fields["name"], sorted(fields["arguments"])];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value ?? null;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}

/** Why a conversation does not continue the last one; what it says is for people and for counting. */
export function breakBetween(last: MessageChain, next: MessageChain): string {
  if (last[0] !== next[0]) return "tools or template settings changed";
  const same = last.findIndex((digest, at) => digest !== next[at]);
  // The last digest of a recorded conversation is the model's own answer.
  if (same === -1) return "the template renders the history in another way now";
  if (next.length < last.length && same >= next.length) {
    return next.length === last.length - 1 ? "the same prompt again" : "the history was cut short";
  }
  return same === last.length - 1 ? "the model's answer was rewritten" : `message ${same - 1} was rewritten`;
}
