import { PythonError } from "./error.ts";
import { asInt, toDouble } from "./number.ts";
import { normalizeInt, PyFloat } from "./value.ts";
import type { PyInt, PyValue } from "./value.ts";

/** Results with more bits than this would take Python itself minutes; tau2 would hang. */
const MAX_POWER_BITS = 4_000_000n;

function zeroDivision(message: string): PythonError {
  return new PythonError("ZeroDivisionError", message);
}

function double(value: PyValue): number {
  if (value instanceof PyFloat) return value.value;
  return toDouble(asInt(value) ?? Number.NaN);
}

/** Python's `left / right` of numbers: ints are divided exactly and rounded once. */
export function divide(left: PyValue, right: PyValue): PyFloat {
  const [a, b] = [asInt(left), asInt(right)];
  if (a !== undefined && b !== undefined) {
    if (Number(b) === 0) throw zeroDivision("division by zero");
    return new PyFloat(intQuotient(a, b));
  }
  const divisor = double(right);
  if (divisor === 0) throw zeroDivision("float division by zero");
  return new PyFloat(double(left) / divisor);
}

/** The correctly rounded quotient of two ints. OverflowError when it is beyond a double. */
function intQuotient(a: PyInt, b: PyInt): number {
  if (typeof a === "number" && typeof b === "number") return a / b;
  const [numerator, denominator] = [BigInt(a), BigInt(b)];
  const negative = numerator < 0n !== denominator < 0n;
  const [n, d] = [magnitude(numerator), magnitude(denominator)];
  // Scale so that the integer quotient has 66 bits or more, fold the remainder into its last bit, then round once.
  const shift = BigInt(66 - (bits(n) - bits(d)));
  const scaled = shift > 0n ? n << shift : n;
  const divisor = shift > 0n ? d : d << -shift;
  let quotient = scaled / divisor;
  if (scaled % divisor !== 0n) quotient |= 1n;
  const value = Number(quotient) * 2 ** Number(-shift);
  if (!Number.isFinite(value)) {
    throw new PythonError("OverflowError", "integer division result too large for a float");
  }
  return negative ? -value : value;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function bits(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** Python's `left // right` of numbers. */
export function floorDivide(left: PyValue, right: PyValue): PyInt | PyFloat {
  const [a, b] = [asInt(left), asInt(right)];
  if (a !== undefined && b !== undefined) {
    if (Number(b) === 0) throw zeroDivision("integer division or modulo by zero");
    const [x, y] = [BigInt(a), BigInt(b)];
    const quotient = x / y;
    return normalizeInt(x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient);
  }
  const divisor = double(right);
  if (divisor === 0) throw zeroDivision("float floor division by zero");
  return new PyFloat(floatFloor(double(left), divisor));
}

/** CPython's float_floor_div: through fmod, so that rounding never lifts the quotient over the true floor. */
function floatFloor(left: number, right: number): number {
  const remainder = left % right;
  let quotient = (left - remainder) / right;
  if (remainder !== 0 && right < 0 !== remainder < 0) quotient -= 1;
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** Python's `left ** right` of numbers; null where the result is complex. */
export function power(left: PyValue, right: PyValue): PyInt | PyFloat | null {
  const [a, b] = [asInt(left), asInt(right)];
  if (a === undefined || b === undefined || b < 0) return floatPower(double(left), double(right));
  const [base, exponent] = [BigInt(a), BigInt(b)];
  if (magnitude(base) > 1n && BigInt(bits(base)) * exponent > MAX_POWER_BITS) {
    throw new PythonError("OverflowError", "int too large to convert to float");
  }
  return normalizeInt(base ** exponent);
}

function floatPower(base: number, exponent: number): PyFloat | null {
  if (base === 0 && exponent < 0) {
    throw zeroDivision("0.0 cannot be raised to a negative power");
  }
  if (base < 0 && Number.isFinite(base) && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    return null;
  }
  if (base === 1 || exponent === 0) return new PyFloat(1);
  const value = base ** exponent;
  if (!Number.isFinite(value) && Number.isFinite(base) && Number.isFinite(exponent)) {
    throw new PythonError("OverflowError", "(34, 'Numerical result out of range')");
  }
  return new PyFloat(value);
}
