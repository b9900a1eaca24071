import { createHash } from "node:crypto";
import { readAnswer } from "../answer/read-answer.ts";
import type { ExchangeBodies } from "../tap/read-bodies.ts";
import { isObject } from "./json-comparison.ts";
import type { BodyDigest } from "./join-exchanges.ts";

/** Fewer characters may be the answer to many requests. */
const tellingCharacters = 16;

export function digestOf({ requestBody, responseBody }: ExchangeBodies): BodyDigest {
  const { text, calls } = readAnswer(responseBody);
  const said = JSON.stringify([text, calls.map(({ name, argumentsText }) => [name, argumentsText])]);
  const messages = messagesOf(requestBody);
  return {
    body: hash(requestBody),
    messages: messages === null ? null : hash(JSON.stringify(messages)),
    lastMessage: messages === null ? null : hash(JSON.stringify(messages.at(-1))),
    answer: said.length < tellingCharacters ? null : hash(said),
  };
}

/** Role, text and calls of each message, however it is spelled. */
function messagesOf(requestBody: string): readonly unknown[] | null {
  const messages = membersOf(requestBody)?.["messages"];
  if (!Array.isArray(messages)) return null;
  return messages.map((message: unknown) =>
    isObject(message) ? [message["role"], message["content"] ?? "", message["tool_calls"] ?? []] : message,
  );
}

function membersOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // The comparison says that it is no JSON.
  }
}

const hash = (text: string) => createHash("sha1").update(text).digest("base64");
