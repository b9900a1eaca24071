import { EnumMember } from "./enum-member.ts";
import { floatRepr } from "./float-text.ts";
import { Model, PyDate, PyFloat } from "./value.ts";
import type { PyValue } from "./value.ts";

/** The name of the value's Python class, as error texts show it. */
export function typeName(value: PyValue): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value !== "object") return "int";
  if (value instanceof PyFloat) return "float";
  if (Array.isArray(value)) return "list";
  if (value instanceof Map) return "dict";
  if (value instanceof PyDate) return value.kind;
  return value instanceof EnumMember ? value.type.name : value.type.name;
}

/** Python's `str()`, which is also what an f-string prints. */
export function pyStr(value: PyValue): string {
  if (typeof value === "string") return value;
  if (value instanceof EnumMember) return `${value.type.name}.${value.name}`;
  if (value instanceof PyDate) return value.toString();
  if (value instanceof Model) return modelFields(value).join(" ");
  return pyRepr(value);
}

/** Python's `repr()`. */
export function pyRepr(value: PyValue): string {
  if (value === null) return "None";
  if (typeof value === "string") return textRepr(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return String(value);
  if (value instanceof PyFloat) return floatRepr(value.value);
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(", ")}]`;
  if (value instanceof Map) {
    return `{${Array.from(value, ([key, item]) => `${textRepr(key)}: ${pyRepr(item)}`).join(", ")}}`;
  }
  if (value instanceof EnumMember) return `<${value.type.name}.${value.name}: ${textRepr(value.value)}>`;
  if (value instanceof PyDate) return dateRepr(value);
  return `${value.type.name}(${modelFields(value).join(", ")})`;
}

function modelFields(model: Model): string[] {
  return model.type.fields.map((field, slot) => `${field.name}=${pyRepr(model.values[slot] ?? null)}`);
}

function dateRepr(date: PyDate): string {
  const numbers = date.iso.split(/\D/).map(Number);
  // A datetime's repr leaves out zero seconds.
  if (date.kind === "datetime" && numbers.length > 5 && numbers[5] === 0 && numbers.length === 6)
    numbers.pop();
  return `datetime.${date.kind}(${numbers.join(", ")})`;
}

// oxlint-disable-next-line no-control-regex
const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/;
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

/** Quotes with `'`, or with `"` when the text has `'` and no `"`; escapes what is not printable. */
export function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  return quote + (PRINTABLE_ASCII.test(body) ? body : escapeUnprintable(body)) + quote;
}

function escapeUnprintable(text: string): string {
  let escaped = "";
  for (const character of text) {
    escaped += character !== " " && UNPRINTABLE.test(character) ? escapeCharacter(character) : character;
  }
  return escaped;
}

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const point = character.codePointAt(0) ?? 0;
  if (point <= 0xff) return `\\x${point.toString(16).padStart(2, "0")}`;
  if (point <= 0xffff) return `\\u${point.toString(16).padStart(4, "0")}`;
  return `\\U${point.toString(16).padStart(8, "0")}`;
}
