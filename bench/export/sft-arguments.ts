import { printedObject } from "../gateway/rendering/printed-json.ts";
import { spelledAlike } from "../store/json-text.ts";

/** Arguments of a call as chat templates want them. */
export interface ArgumentObject {
  /** A JSON object on one line; numbers and the order of keys as the model wrote them. */
  readonly json: string;
  /** What the model wrote, where a template prints the object in another way, or a reader of JSON may; else null. */
  readonly own: string | null;
}

/** null for arguments that are no JSON object, or hold what no reader can keep. */
export function argumentObject(text: string): ArgumentObject | null {
  const printed = printedObject(text);
  if (printed === null) return null;
  const value: unknown = JSON.parse(text);
  if (isUnreadable(value)) return null;
  const written = spelledAlike(text);
  // A doubled key would reach readers that refuse it; those that do not take the last one, as the tool did.
  const doubled = keysIn(text) !== keysOf(value);
  const kept = printed === text && JSON.stringify(value) === written;
  return { json: doubled ? spelledAlike(printed) : written, own: kept ? null : text };
}

/** `1e999` is JSON, and infinite in every reader; half of a surrogate pair is JSON, and no tokenizer reads it. */
function isUnreadable(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value === "string") return !value.isWellFormed();
  return typeof value === "object" && value !== null && Object.entries(value).flat().some(isUnreadable);
}

function keysIn(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

function keysOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value).reduce((sum: number, one) => sum + keysOf(one), 0);
  return Array.isArray(value) ? inner : inner + Object.keys(value).length;
}
