import type { JsonValue } from "../evidence/json-value.ts";
import type { Unequal } from "./figure.ts";

type Fields = { readonly [name: string]: JsonValue };

/** Shares: whatever they are made of, none is below 0 or above 1. */
const shares = new Set(["passRate", "passHatK", "cacheHitRate", "cachedShare", "passAtK", "kvUsage"]);
/** Times and counts, which are never negative. */
const amounts = new Set([
  "ttftMs",
  "itlMs",
  "e2eMs",
  "episodeSeconds",
  "episodes",
  "waste",
  "outer",
  "inner",
  "rates",
]);
/** Pairs of fields of which the first is a part of the second. */
const parts = [
  ["passed", "judged"],
  ["judged", "finished"],
  ["finished", "planned"],
  ["answered", "requests"],
  ["cachedTokens", "promptTokens"],
  ["trajectories", "finished"],
] as const;
const slack = 1e-9;

/**
 * What no run can show, whatever its evidence says: a share above 1, a part larger than the whole, an interval that does not hold its
 * own value or has no error where values differ, percentiles out of order, a rate that its count cannot give. Pure.
 */
export function impossibleFigures(file: string, report: JsonValue): readonly Unequal[] {
  const found: Unequal[] = [];
  const visit = (value: JsonValue, path: string, names: readonly string[]): void => {
    const say = (is: unknown, should: string, at = path) =>
      found.push({ figure: at, file, said: JSON.stringify(is), recomputed: should });
    if (typeof value === "number") {
      const isShare = names.some((name) => shares.has(name)) && !names.some((name) => counting.has(name));
      if (isShare && (value < -slack || value > 1 + slack)) say(value, "a share, which lies in 0..1");
      const isAmount = names.some((name) => amounts.has(name)) && !names.some((name) => signed.has(name));
      if (isAmount && value < -slack) say(value, "no negative number");
    }
    if (Array.isArray(value)) {
      for (const [index, entry] of (value as JsonValue[]).entries()) visit(entry, `${path}[${index}]`, names);
    } else if (typeof value === "object" && value !== null) {
      for (const [is, should] of contradictionsIn(value as Fields, names)) say(is, should);
      for (const [name, entry] of Object.entries(value as Fields))
        visit(entry, path === "" ? name : `${path}.${name}`, [...names, name]);
    }
  };
  visit(report, "", []);
  return found;
}

/** Differences have a sign. */
const signed = new Set(["difference", "differences", "overheads", "floors", "variants"]);
/** Names of numbers below a share that are none. */
const counting = new Set([
  "ks",
  "count",
  "k",
  "tasks",
  "samples",
  "passes",
  "tooFewSamples",
  "secondsToSolution",
]);

function contradictionsIn(fields: Fields, names: readonly string[]): readonly (readonly [unknown, string])[] {
  const number = (name: string) => {
    const value = fields[name];
    return typeof value === "number" ? value : null;
  };
  const [value, low, high, count] = ["value", "low", "high", "count"].map(number);
  const found: (readonly [unknown, string])[] = [];
  if (value != null && low != null && high != null && !(low <= value + slack && value <= high + slack))
    found.push([{ value, low, high }, "an interval that holds its value"]);
  if (names.at(-1) === "passRate" && value != null && count != null) {
    if (Math.abs(value * count - Math.round(value * count)) > 1e-6)
      found.push([value, `a share of ${count}: a whole number of them over ${count}`]);
    if (value > 0 && value < 1 && low != null && low === high)
      found.push([{ low, high }, "an error: outcomes differ, so another run may come out otherwise"]);
  }
  for (const [part, whole] of parts) {
    const [a, b] = [number(part), number(whole)];
    if (a !== null && b !== null && a > b)
      found.push([{ [part]: a, [whole]: b }, `${part} of ${whole}, and no more`]);
  }
  const ranks = ["p50", "p95", "p99"].flatMap((name) => valueIn(fields[name]) ?? []);
  const ordered = [...ranks, ...(number("max") === null ? [] : [number("max") ?? 0])];
  if (ranks.length > 0 && ordered.some((one, at) => at > 0 && one < (ordered[at - 1] ?? 0) - slack))
    found.push([ordered, "percentiles in ascending order, the largest value last"]);
  return found;
}

function valueIn(estimate: JsonValue | undefined): number | null {
  if (typeof estimate !== "object" || estimate === null || Array.isArray(estimate)) return null;
  const { value } = estimate as Fields;
  return typeof value === "number" ? value : null;
}
