import { createHash } from "node:crypto";

/**
 * What a request asks, as far as gateways pass it on: the conversation, however its JSON is written. Equal for two requests
 * that ask the same; null where the body holds no messages, e.g. because a gateway has rendered them.
 */
export function questionOf(requestBody: string): string | null {
  try {
    const { messages } = JSON.parse(requestBody) as { readonly messages?: unknown };
    if (!Array.isArray(messages) || messages.length === 0) return null;
    return createHash("sha256").update(JSON.stringify(messages)).digest("hex");
  } catch {
    return null; // No JSON, so there is nothing to compare.
  }
}
