import { isRecord } from "../rendering/normalise-messages.ts";

const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const integerText = /^-?(?:0|[1-9]\d*)$/;

/**
 * An argument that was written as text, as JSON: what its schema calls a number, a boolean, an object or an array becomes
 * one where the text allows it, and `null` is null. Everything else stays a text.
 */
export function argumentJson(text: string, schema: unknown): string {
  const trimmed = text.trim();
  if (trimmed.toLowerCase() === "null") return "null";
  const type = isRecord(schema) ? schema["type"] : undefined;
  if (type === "integer" && integerText.test(trimmed)) return trimmed;
  if (type === "number" && numberText.test(trimmed)) return trimmed;
  if (type === "boolean" && /^(?:true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  if ((type === "object" || type === "array") && isJson(trimmed)) return trimmed;
  return JSON.stringify(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
