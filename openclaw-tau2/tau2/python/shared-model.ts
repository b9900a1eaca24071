import { Model } from "./value.ts";
import type { PyValue } from "./value.ts";

/** Marks a value and everything in it as shared: models refuse writes, lists are frozen. Dicts cannot be frozen. */
export function share(value: PyValue): void {
  if (value instanceof Model) {
    value.shared = true;
    for (const item of value.values) share(item);
    Object.freeze(value.values);
  } else if (Array.isArray(value)) {
    for (const item of value) share(item);
    Object.freeze(value);
  } else if (value instanceof Map) {
    for (const item of value.values()) share(item);
  }
}

/** A deep copy that may be written to. Scalars, dates and enum members are immutable and stay the same. */
export function deepCopy<Value extends PyValue>(value: Value): Value;
export function deepCopy(value: PyValue): PyValue {
  if (value instanceof Model) return new Model(value.type, value.values.map(copyItem));
  if (Array.isArray(value)) return value.map(copyItem);
  if (value instanceof Map) {
    const copy = new Map<string, PyValue>();
    for (const [key, item] of value) copy.set(key, copyItem(item));
    return copy;
  }
  return value;
}

function copyItem(value: PyValue): PyValue {
  return typeof value === "object" && value !== null ? deepCopy(value) : value;
}

/**
 * Python's `d[key]` for an entity that is about to be written: a shared model is replaced in the dict by its copy.
 * The key must be in the dict.
 */
export function ownEntry(dict: Map<string, PyValue>, key: string): Model {
  const entry = dict.get(key);
  if (!(entry instanceof Model)) throw new Error(`bug: no model under ${key}`);
  if (!entry.shared) return entry;
  const copy = deepCopy(entry);
  dict.set(key, copy);
  return copy;
}
