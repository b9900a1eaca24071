import { ConfigError } from "../../errors.ts";
import type { Change } from "./change.ts";
import { isScoreQuantity, quantities } from "./quantities.ts";

/** `e2e_p50 > +5%`: what must not happen to a quantity from the first run to the second. */
export interface Threshold {
  readonly text: string;
  readonly quantity: string;
  readonly direction: ">" | "<";
  /** In the unit of the quantity, or a share of the first run's value. */
  readonly limit: number;
  readonly relative: boolean;
}

/** For `--help`. */
export const thresholdGrammar = `An expression is QUANTITY > LIMIT or QUANTITY < LIMIT; it is about the change from A to B, at every arm and load:
  e2e_p50 > +5%     fails when the median request takes more than 5 % longer in B
  reward < -0.02    fails when the mean reward falls by more than 0.02
  ttft_p95 > 10ms   fails when it grows by more than 10 ms
Quantities: ${quantities.map(({ name }) => name).join(", ")};
of runs whose report has scores also passed and score_NAME (a share of 1, e.g. score_layer0 < -0.05).
Exit code 6 unless the whole 95 % interval of the change keeps the limit: "cannot tell" is not a pass, because a change
that a run cannot exclude is what a gate is there to stop. More repetitions or tasks make intervals narrower.`;

const pattern = /^\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*(%|[a-z/]*)\s*$/;

/** Throws ConfigError that says what is wrong and what there is. */
export function parseThreshold(text: string): Threshold {
  const [, name = "", direction, limit, suffix = ""] = pattern.exec(text) ?? [];
  if (direction !== ">" && direction !== "<") {
    throw new ConfigError(
      `--fail-on ${JSON.stringify(text)} cannot be read. Write QUANTITY > LIMIT or QUANTITY < LIMIT, e.g. --fail-on 'e2e_p50 > +5%'.`,
    );
  }
  const quantity = isScoreQuantity(name) ? { unit: "" } : quantities.find((known) => known.name === name);
  if (quantity === undefined) {
    throw new ConfigError(
      `--fail-on ${JSON.stringify(text)}: there is no quantity ${name}. Known: ${quantities.map((known) => known.name).join(", ")}.`,
    );
  }
  if (suffix !== "" && suffix !== "%" && suffix !== quantity.unit) {
    const units = quantity.unit === "" ? "no unit" : quantity.unit;
    throw new ConfigError(
      `--fail-on ${JSON.stringify(text)}: ${name} is compared in ${units} or in %, not in ${suffix}.`,
    );
  }
  const relative = suffix === "%";
  return {
    text: text.trim(),
    quantity: name,
    direction,
    limit: relative ? Number(limit) / 100 : Number(limit),
    relative,
  };
}

/** `kept`: the whole interval keeps the limit. `crossed`: all of it lies beyond. Otherwise the data cannot tell. */
export type ThresholdStatus = "kept" | "crossed" | "cannot-tell";

/** A change with its interval, as the threshold counts it: in the unit of the quantity, or as a share of the first run's value. */
export interface SeenChange {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly relative: boolean;
  readonly unit: string;
}

/** null where the change, or what it is a share of, is not known. */
export function seenChange(
  { quantity, relative }: Threshold,
  { difference, before }: Change,
): SeenChange | null {
  if (difference === null || (relative && (before === null || before === 0))) return null;
  const scale = relative ? Math.abs(before ?? Number.NaN) : 1;
  const scaled = (value: number | null) => (value === null ? null : value / scale);
  const unit = quantities.find(({ name }) => name === quantity)?.unit ?? "";
  return {
    value: difference.value / scale,
    low: scaled(difference.low),
    high: scaled(difference.high),
    relative,
    unit,
  };
}

export function judgeThreshold(threshold: Threshold, change: Change): ThresholdStatus {
  const { direction, limit } = threshold;
  const seen = seenChange(threshold, change);
  if (seen === null || seen.low === null || seen.high === null) return "cannot-tell";
  const { low, high } = seen;
  if (direction === ">") return low > limit ? "crossed" : high <= limit ? "kept" : "cannot-tell";
  return high < limit ? "crossed" : low >= limit ? "kept" : "cannot-tell";
}
