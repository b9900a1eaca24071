import { toDouble } from "../../python/number.ts";
import { PyFloat } from "../../python/value.ts";
import type { PyValue } from "../../python/value.ts";

/** Python's `f"{value:.2f}"` of a number: exact ties go to the even digit. */
export function fixed2(value: PyValue): string {
  const double = doubleOf(value);
  if (Number.isNaN(double)) return "nan";
  if (!Number.isFinite(double)) return double > 0 ? "inf" : "-inf";
  if (Math.abs(double) >= 1e21) return `${BigInt(double)}.00`;
  const eighths = Math.abs(double) * 8;
  // At two places a double is an exact tie only when it is an odd multiple of 1/8; toFixed rounds those up.
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return signed(double, Math.abs(double).toFixed(2));
  const hundredths = BigInt(eighths) * 25n;
  const below = hundredths / 2n;
  const even = below % 2n === 0n ? below : below + 1n;
  return signed(double, `${even / 100n}.${String(even % 100n).padStart(2, "0")}`);
}

function signed(value: number, text: string): string {
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}

function doubleOf(value: PyValue): number {
  if (value instanceof PyFloat) return value.value;
  if (typeof value === "number" || typeof value === "bigint") return toDouble(value);
  throw new Error("bug: only numbers are printed with two places");
}
