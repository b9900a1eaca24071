import type { Estimate } from "../../analysis/estimates/estimate.ts";

/** Where a number is not known. */
export const absent = "-";

/** Three significant digits below 1000, whole numbers above: what a reader can compare. */
export function numberText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return absent;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return String(Math.round(value));
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 ? 2 : 3);
}

/** A share as per cent. */
export function percentText(value: number | null): string {
  return value === null ? absent : `${(value * 100).toFixed(value === 0 || value === 1 ? 0 : 1)} %`;
}

/** `12.3 [11.0, 13.9]`; the value alone where no interval can be stated, a mark where not even the value can. */
export function estimateText(
  estimate: Estimate,
  text: (value: number | null) => string = numberText,
): string {
  const { value, low, high, count } = estimate;
  if (value === null) return count === 0 ? absent : "n too small";
  return low === null || high === null ? text(value) : `${text(value)} [${text(low)}, ${text(high)}]`;
}

/** Like `estimateText`, with a sign and the mark where an interval is missing: for differences. */
export function differenceText(
  estimate: Estimate,
  text: (value: number | null) => string = numberText,
): string {
  const { value, low, high } = estimate;
  if (value === null || low === null || high === null) return "n too small";
  return `${signedText(value, text)} [${signedText(low, text)}, ${signedText(high, text)}]`;
}

/** Like `differenceText`, with as many decimals in each of its numbers as the largest of them needs: for narrow columns. */
export function alignedDifferenceText({ value, low, high, count }: Estimate): string {
  const numbers = [value, low, high].flatMap((one) => one ?? []);
  const size = Math.max(0, ...numbers.map(Math.abs));
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  // A number that rounds to nothing has no sign.
  const text = (one: number | null) =>
    one === null ? absent : one.toFixed(decimals).replace(/^-(?=[0.]*$)/, "");
  return differenceText({ value, low, high, count }, text);
}

/** A number of a difference, with its sign. */
export function signedText(value: number, text: (value: number | null) => string = numberText): string {
  return `${value > 0 ? "+" : ""}${text(value)}`;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units. */
export function bytesText(bytes: number): string {
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${numberText(bytes / 1000 ** step)} ${units[step] ?? "B"}`;
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}
