import { ConfigError } from "../errors.ts";
import type { Interval } from "../statistics/interval.ts";

/** `--max '+5ms'`: what a gateway may add. */
export interface AddedLimit {
  readonly text: string;
  /** Milliseconds, or a share of what the request takes without the gateway. */
  readonly amount: number;
  readonly relative: boolean;
}

const pattern = /^\s*\+?\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|%)\s*$/;
const milliseconds: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1000 };

/** @throws {ConfigError} that says what can be written */
export function parseAddedLimit(text: string): AddedLimit {
  const [, number, unit = ""] = pattern.exec(text) ?? [];
  if (number === undefined)
    throw new ConfigError(
      `--max ${text} cannot be read. Write a time or a share, e.g. --max '+5ms' or '+3%'.`,
    );
  const relative = unit === "%";
  const amount = relative ? Number(number) / 100 : Number(number) * (milliseconds[unit] ?? Number.NaN);
  return { text: text.trim(), amount, relative };
}

/** `kept`: the whole interval keeps the limit. `crossed`: all of it lies beyond. Otherwise the data cannot tell. */
export type LimitStatus = "kept" | "crossed" | "cannot-tell";

export function judgeAddedLimit(
  { amount, relative }: AddedLimit,
  interval: Interval | null,
  baselineMs: number | null,
): LimitStatus {
  if (interval === null || (relative && (baselineMs === null || baselineMs <= 0))) return "cannot-tell";
  const limitMs = relative ? amount * (baselineMs ?? Number.NaN) : amount;
  if (interval.high <= limitMs) return "kept";
  return interval.low > limitMs ? "crossed" : "cannot-tell";
}

/** The worst of several: one that is crossed is crossed whatever the others are. */
export function worstLimitStatus(statuses: readonly LimitStatus[]): LimitStatus {
  if (statuses.includes("crossed")) return "crossed";
  return statuses.length === 0 || statuses.includes("cannot-tell") ? "cannot-tell" : "kept";
}
