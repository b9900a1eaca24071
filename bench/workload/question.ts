import { createHash } from "node:crypto";

/**
 * What a request asks, as far as gateways pass it on: who says what in the conversation, and the calls in it, however the
 * JSON is written. Equal for two requests that ask the same; null where the body holds no messages, e.g. because a gateway
 * has rendered them.
 */
export function questionOf(requestBody: string): string | null {
  const messages = fieldOf(parsed(requestBody), "messages");
  if (!Array.isArray(messages) || messages.length === 0) return null;
  return createHash("sha256")
    .update(JSON.stringify(messages.map(gist)))
    .digest("hex");
}

function gist(message: unknown): unknown[] {
  const calls = fieldOf(message, "tool_calls");
  const called = Array.isArray(calls) ? calls.map((call: unknown) => fieldOf(call, "function")) : [];
  return [
    fieldOf(message, "role"),
    textOf(fieldOf(message, "content")),
    called.map((call) => [fieldOf(call, "name"), fieldOf(call, "arguments")]),
  ];
}

/** The text of a message, whether it is one or in parts. */
function textOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? "";
  return content.map((part: unknown) => fieldOf(part, "text") ?? part).join("");
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // No JSON, so there is nothing to compare.
  }
}
