import { PythonError, typeError } from "./error.ts";
import { typeName } from "./repr.ts";
import { normalizeInt, PyFloat } from "./value.ts";
import type { PyInt, PyList, PyValue } from "./value.ts";

type Operator = "+" | "-" | "*" | "+=" | "-=";

export function isInt(value: PyValue): value is PyInt {
  return typeof value === "number" || typeof value === "bigint";
}

/** Python's `left + right`, also for str and list. TypeError texts as Python's. */
export function add(left: PyValue, right: PyValue): PyValue {
  if (typeof left === "string") {
    if (typeof right === "string") return left + right;
    throw typeError(`can only concatenate str (not "${typeName(right)}") to str`);
  }
  if (Array.isArray(left)) {
    if (Array.isArray(right)) return [...left, ...right];
    throw typeError(`can only concatenate list (not "${typeName(right)}") to list`);
  }
  return arithmetic(left, "+", right);
}

/** Python's `left += right` of numbers, which names itself in the TypeError. */
export function addInPlace(left: PyValue, right: PyValue): PyInt | PyFloat {
  return arithmetic(left, "+=", right);
}

/** Python's `left - right`. */
export function subtract(left: PyValue, right: PyValue): PyInt | PyFloat {
  return arithmetic(left, "-", right);
}

/** Python's `left * right` of numbers. */
export function multiplyNumbers(left: PyValue, right: PyValue): PyInt | PyFloat {
  return arithmetic(left, "*", right);
}

/** Python's `left * right`, also repeating a str or list by an int. */
export function multiply(left: PyValue, right: PyValue): PyValue {
  const times = asInt(left);
  if (times !== undefined && (typeof right === "string" || Array.isArray(right))) return repeat(right, times);
  const timesRight = asInt(right);
  if (timesRight !== undefined && (typeof left === "string" || Array.isArray(left))) {
    return repeat(left, timesRight);
  }
  if (typeof left === "string" || Array.isArray(left)) {
    throw typeError(`can't multiply sequence by non-int of type '${typeName(right)}'`);
  }
  if (typeof right === "string" || Array.isArray(right)) {
    throw typeError(`can't multiply sequence by non-int of type '${typeName(left)}'`);
  }
  return arithmetic(left, "*", right);
}

function repeat(sequence: string | PyList, times: PyInt): PyValue {
  const count = Math.max(0, Number(times));
  if (typeof sequence === "string") return sequence.repeat(count);
  return Array.from({ length: count }, () => sequence).flat(1);
}

function arithmetic(left: PyValue, operator: Operator, right: PyValue): PyInt | PyFloat {
  const a = asInt(left);
  const b = asInt(right);
  if (a !== undefined && b !== undefined) return intArithmetic(a, operator, b);
  const x = left instanceof PyFloat ? left.value : a;
  const y = right instanceof PyFloat ? right.value : b;
  if (x === undefined || y === undefined) {
    throw typeError(
      `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
    );
  }
  return new PyFloat(floatArithmetic(toDouble(x), operator, toDouble(y)));
}

/** The int that a value is in arithmetic (bool is an int), or undefined. */
export function asInt(value: PyValue): PyInt | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  return isInt(value) ? value : undefined;
}

/** The double of an int or float. OverflowError when an int is beyond the range of a double. */
export function toDouble(value: PyInt): number {
  const double = Number(value);
  if (!Number.isFinite(double) && typeof value === "bigint") {
    throw new PythonError("OverflowError", "int too large to convert to float");
  }
  return double;
}

function intArithmetic(a: PyInt, operator: Operator, b: PyInt): PyInt {
  if (typeof a === "number" && typeof b === "number") {
    const fast = floatArithmetic(a, operator, b);
    if (Number.isSafeInteger(fast)) return fast + 0;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  if (operator.startsWith("+")) return normalizeInt(x + y);
  return normalizeInt(operator === "*" ? x * y : x - y);
}

function floatArithmetic(a: number, operator: Operator, b: number): number {
  if (operator === "+" || operator === "+=") return a + b;
  return operator === "*" ? a * b : a - b;
}

/** Python's `-value`. */
export function negate(value: PyValue): PyInt | PyFloat {
  const int = asInt(value);
  if (int !== undefined) return intArithmetic(0, "-", int);
  if (value instanceof PyFloat) return new PyFloat(-value.value);
  throw typeError(`bad operand type for unary -: '${typeName(value)}'`);
}

/** Python's `abs(value)`. */
export function absolute(value: PyValue): PyValue {
  const int = asInt(value);
  if (int !== undefined) return int < 0 ? intArithmetic(0, "-", int) : int;
  if (value instanceof PyFloat) return new PyFloat(Math.abs(value.value));
  throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
}

/** Python's `round(x, 2)` of a double: half to even, but only when the decimal value is an exact tie. */
export function round2(value: number): number {
  if (!Number.isFinite(value) || value === 0 || Math.abs(value) >= 1e21) return value;
  // At two places a double is an exact tie only when it is an odd multiple of 1/8, where toFixed rounds up.
  const eighths = value * 8;
  if (Number.isInteger(eighths) && eighths % 2 !== 0) {
    const below = Math.floor(value * 100);
    const even = below % 2 === 0 ? below : below + 1;
    return even / 100;
  }
  return Number(value.toFixed(2));
}

/** Python's `round(value, 2)`: an int stays an int. */
export function roundTo2(value: PyValue): PyValue {
  if (value instanceof PyFloat) return new PyFloat(round2(value.value));
  const int = asInt(value);
  if (int !== undefined) return int;
  throw typeError(`type ${typeName(value)} doesn't define __round__ method`);
}

/** Python's `sum(list)`, which starts at the int 0. */
export function sum(values: Iterable<PyValue>): PyValue {
  let total: PyValue = 0;
  for (const value of values) total = add(total, value);
  return total;
}
