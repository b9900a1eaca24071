/** JSON whose objects keep the order in which keys were added. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

interface NumberText {
  rawJSON(text: string): Json;
}

/** A number that is written exactly so: `0.0` stays `0.0`, which a JavaScript number would print as `0`. */
export function exactNumber(text: string): Json {
  return (JSON as unknown as NumberText).rawJSON(text);
}

/**
 * Keys by code point at every level, except inside `properties` and `default`, whose order has a meaning. This is how
 * pydantic orders the schemas that tau2 sends.
 */
export function sortSchema(value: JsonObject, parentKey = ""): JsonObject {
  const keys = Object.keys(value);
  if (parentKey !== "properties" && parentKey !== "default") keys.sort();
  return Object.fromEntries(keys.map((key) => [key, sortValue(value[key] ?? null, key)]));
}

function sortValue(value: Json, key: string): Json {
  if (isArray(value)) return value.map((item) => sortValue(item, key));
  if (typeof value !== "object" || value === null || isRaw(value)) return value;
  return sortSchema(value, key);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isRaw(value: Json): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}
