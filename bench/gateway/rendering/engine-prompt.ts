import type { Message } from "./normalise-messages.ts";

/** Fields that SGLang's message models keep; it drops all others before its template. */
const keptFields = ["role", "content", "tool_call_id", "name", "reasoning_content", "tool_calls"] as const;
const userFields = ["role", "content"] as const;

/**
 * Messages as SGLang's template sees them: fields it does not know are gone, null fields too, roles are lower-case, and an
 * assistant message at the end of a prompt has become the user's.
 */
export function sglangMessages(
  messages: readonly Message[],
  { lastIsPrompt }: { readonly lastIsPrompt: boolean },
): Message[] {
  const kept = messages.map((message) => {
    const role = typeof message["role"] === "string" ? message["role"].toLowerCase() : "";
    const fields = role === "user" ? userFields : keptFields;
    const entries = fields.flatMap((name) => {
      const value = name === "role" ? role : message[name];
      return value === null || value === undefined || isEmptyCalls(name, value)
        ? []
        : [[name, value] as const];
    });
    return Object.fromEntries(entries);
  });
  const last = kept.at(-1);
  if (lastIsPrompt && last?.["role"] === "assistant" && typeof last["content"] === "string")
    last["role"] = "user";
  return kept;
}

const isEmptyCalls = (name: string, value: unknown) =>
  name === "tool_calls" && Array.isArray(value) && value.length === 0;
