import { EnumMember } from "./enum-member.ts";
import { typeError } from "./error.ts";
import { typeName } from "./repr.ts";
import { compareText } from "./text-order.ts";
import { Model, PyDate, PyFloat } from "./value.ts";
import type { PyDict, PyList, PyValue } from "./value.ts";

/** Python's `==`: `1 == 1.0 == True`, enum members equal their text, models of one class compare by fields. */
export function equal(left: PyValue, right: PyValue): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  const a = plain(left);
  const b = plain(right);
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (isNumeric(a) && isNumeric(b)) return numeric(a) == numeric(b); // oxlint-disable-line eqeqeq -- bigint with number
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (a instanceof Map) return b instanceof Map && equalDicts(a, b);
  if (a instanceof Model) return b instanceof Model && a.type === b.type && equalLists(a.values, b.values);
  if (a instanceof PyDate) return b instanceof PyDate && a.kind === b.kind && a.iso === b.iso;
  return false;
}

function plain(value: PyValue): PyValue {
  return value instanceof EnumMember ? value.value : value;
}

function equalLists(left: readonly PyValue[], right: readonly PyValue[]): boolean {
  return left.length === right.length && left.every((item, index) => equal(item, right[index] ?? null));
}

function equalDicts(left: PyDict, right: PyDict): boolean {
  if (left.size !== right.size) return false;
  for (const [key, item] of left) {
    const other = right.get(key);
    if (other === undefined || !equal(item, other)) return false;
  }
  return true;
}

type Numeric = boolean | number | bigint | PyFloat;

function isNumeric(value: PyValue): value is Numeric {
  return (
    typeof value === "number" ||
    typeof value === "boolean" ||
    typeof value === "bigint" ||
    value instanceof PyFloat
  );
}

function numeric(value: Numeric): number | bigint {
  if (value instanceof PyFloat) return value.value;
  return typeof value === "boolean" ? Number(value) : value;
}

type Operator = "<" | "<=" | ">" | ">=";

/** Python's ordering operators for numbers, texts, lists and dates; else TypeError with Python's text. */
export function ordered(left: PyValue, operator: Operator, right: PyValue): boolean {
  const a = plain(left);
  const b = plain(right);
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(numeric(a), operator, numeric(b));
  if (typeof a === "string" && typeof b === "string") return holds(compareText(a, b), operator);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, operator, b);
  if (a instanceof PyDate && b instanceof PyDate && a.kind === b.kind) {
    return holds(compareText(a.iso, b.iso), operator);
  }
  throw typeError(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function compareNumbers(a: number | bigint, operator: Operator, b: number | bigint): boolean {
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}

function holds(order: number, operator: Operator): boolean {
  return compareNumbers(order, operator, 0);
}

function compareLists(left: PyList, operator: Operator, right: PyList): boolean {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) break;
    if (!equal(item, other)) return ordered(item, operator, other);
  }
  return compareNumbers(left.length, operator, right.length);
}

/** Python's `sorted(list)`, stable. A TypeError names the later element first: it is asked whether it is less. */
export function sorted(list: readonly PyValue[]): PyList {
  const result: PyList = [];
  for (const item of list) {
    let low = 0;
    let high = result.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ordered(item, "<", result[middle] ?? null)) high = middle;
      else low = middle + 1;
    }
    result.splice(low, 0, item);
  }
  return result;
}
