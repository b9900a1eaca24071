/** What JSON can say. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** A part of something that was read as JSON; null where it has none. */
export function get(value: JsonValue | undefined, name: string): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return (value as { readonly [name: string]: JsonValue })[name] ?? null;
}
