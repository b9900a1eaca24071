import { isDeepStrictEqual } from "node:util";

export type Fields = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value with something in it. */
export function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value != null && value !== "" && (!isJson(value) || Object.keys(value).length > 0);
}

/** As much of a value as a message can hold. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (jsonOf(value) ?? "nested too deeply");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** null for what is nested too deeply to be written. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

/** undefined for what is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Its reader says so.
  }
}

/** Whether two texts are JSON of the same value, whatever the spaces in them. */
export function sameJson(one: string, other: string): boolean {
  if (one === other) return true;
  const value = parsed(one);
  try {
    return value !== undefined && isDeepStrictEqual(value, parsed(other));
  } catch {
    return false; // Nested too deeply to be compared: two texts that differ.
  }
}

/** A JSON object as a text, which has an end: behind it nothing can follow. */
export function isObjectText(text: string): boolean {
  return text.trimEnd().endsWith("}") && isJson(parsed(text));
}
