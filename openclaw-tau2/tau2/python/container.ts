import { equal } from "./compare.ts";
import { EnumMember } from "./enum-member.ts";
import { attributeError, pythonError, typeError } from "./error.ts";
import { pyRepr, typeName } from "./repr.ts";
import { textLength } from "./text-order.ts";
import type { PyDict, PyList, PyValue } from "./value.ts";
import { Model } from "./value.ts";

/** Python's `value.name` on whatever a tool was given: a model's field, else AttributeError. */
export function attribute(value: PyValue, name: string): PyValue {
  if (value instanceof Model) return value.get(name);
  throw attributeError(typeName(value), name);
}

/** The key under which a value is found in a dict: only str and enum members can be, others are hashable or not. */
function dictKey(value: PyValue): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof EnumMember) return value.value;
  if (Array.isArray(value) || value instanceof Map || value instanceof Model) {
    throw typeError(`unhashable type: '${typeName(value)}'`);
  }
  return undefined;
}

/** Python's `key in dict`, for a dict with str keys. TypeError when the key cannot be hashed. */
export function hasKey(dict: ReadonlyMap<string, PyValue>, key: PyValue): key is string {
  const text = dictKey(key);
  return text !== undefined && dict.has(text);
}

/** Python's `dict[key]`: KeyError (whose text is the key's repr) when it is absent. */
export function item(dict: ReadonlyMap<string, PyValue>, key: PyValue): PyValue {
  const text = dictKey(key);
  const value = text === undefined ? undefined : dict.get(text);
  if (value === undefined) throw pythonError("KeyError", pyRepr(key));
  return value;
}

/** Python's `value in {"a", "b"}`. */
export function inSet(members: ReadonlySet<string>, value: PyValue): boolean {
  const text = dictKey(value);
  return text !== undefined && members.has(text);
}

/** Python's `for x in value`: lists, dicts by key, texts by character; else TypeError. */
export function iterate(value: PyValue): readonly PyValue[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof EnumMember) return Array.from(value.value);
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

/** Python's `len(value)`. */
export function length(value: PyValue): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "string") return textLength(value);
  if (value instanceof Map) return value.size;
  throw typeError(`object of type '${typeName(value)}' has no len()`);
}

/** Python's `value.count(x)` of a list or a str; AttributeError on others. */
export function count(value: PyValue, wanted: PyValue): number {
  if (Array.isArray(value)) return value.filter((entry) => equal(entry, wanted)).length;
  if (typeof value !== "string") throw attributeError(typeName(value), "count");
  if (typeof wanted !== "string") throw typeError(`must be str, not ${typeName(wanted)}`);
  if (wanted === "") return textLength(value) + 1;
  return value.split(wanted).length - 1;
}

/** Python's `value.lower()`. */
export function lower(value: PyValue): string {
  return textOf(value, "lower").toLowerCase();
}

/** The text on which a str method is called; AttributeError when the value is no str. */
export function textOf(value: PyValue, method: string): string {
  if (typeof value === "string") return value;
  if (value instanceof EnumMember) return value.value;
  throw attributeError(typeName(value), method);
}

/** Python's truth value: empty and zero are false. */
export function truthy(value: PyValue): boolean {
  if (value === null || value === false || value === 0 || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (typeof value === "object" && "value" in value && value.value === 0) return false;
  return true;
}

/** The dict in a model's field that the data model declares as one. Throws when someone assigned something else. */
export function dictField(model: Model, field: string): PyDict {
  const value = model.get(field);
  if (!(value instanceof Map)) throw new Error(`bug: ${model.type.name}.${field} is no dict`);
  return value;
}

/** The same for a list. */
export function listField(model: Model, field: string): PyList {
  const value = model.get(field);
  if (!Array.isArray(value)) throw new Error(`bug: ${model.type.name}.${field} is no list`);
  return value;
}
