import { EnumMember } from "./enum-member.ts";
import { floatJson } from "./float-text.ts";
import { compareText } from "./text-order.ts";
import { Model, PyDate, PyFloat } from "./value.ts";
import type { PyValue } from "./value.ts";

// oxlint-disable-next-line no-control-regex -- Python escapes control characters and everything beyond ASCII
const NEEDS_ESCAPE = /["\\\u0000-\u001f\u007f-\uffff]/;
// oxlint-disable-next-line no-control-regex
const ESCAPED = /["\\\u0000-\u001f\u007f-\uffff]/g;
const SHORT = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\b", "\\b"],
  ["\f", "\\f"],
]);

/** A JSON string as `json.dumps` writes it (`ensure_ascii`): UTF-16 units beyond ASCII become `\uXXXX`. */
export function jsonString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPED, escapeUnit)}"` : `"${text}"`;
}

function escapeUnit(unit: string): string {
  return SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `json.dumps(model_dump(value), default=str)`: fields in declared order, separators `", "` and `": "`. */
export function dumpJson(value: PyValue): string {
  return write(value, false);
}

/** The same with `sort_keys=True`: the text that tau2 hashes. */
export function dumpCanonical(value: PyValue): string {
  return write(value, true);
}

function write(value: PyValue, sorted: boolean): string {
  if (typeof value === "string") return jsonString(value);
  if (value === null) return "null";
  if (typeof value !== "object") return String(value);
  if (value instanceof PyFloat) return floatJson(value.value);
  if (value instanceof Model) return writeModel(value, sorted);
  if (Array.isArray(value)) return writeList(value, sorted);
  if (value instanceof Map) return writeDict(value, sorted);
  if (value instanceof EnumMember) return jsonString(value.value);
  if (value instanceof PyDate) return jsonString(value.toString());
  throw new Error("bug: a value of no Python type");
}

function writeList(list: readonly PyValue[], sorted: boolean): string {
  let text = "[";
  for (const item of list) text += (text.length === 1 ? "" : ", ") + write(item, sorted);
  return `${text}]`;
}

function writeDict(dict: ReadonlyMap<string, PyValue>, sorted: boolean): string {
  let text = "{";
  const entries = sorted ? [...dict].sort(([a], [b]) => compareText(a, b)) : dict;
  for (const [key, item] of entries) {
    text += `${text.length === 1 ? "" : ", "}${jsonString(key)}: ${write(item, sorted)}`;
  }
  return `${text}}`;
}

function writeModel(model: Model, sorted: boolean): string {
  let text = "{";
  const fields = sorted ? model.type.sortedFields : model.type.fieldHeads;
  for (const { head, slot } of fields) {
    text += (text.length === 1 ? "" : ", ") + head + write(model.values[slot] ?? null, sorted);
  }
  return `${text}}`;
}
