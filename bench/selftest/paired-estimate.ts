import { meanOf } from "../statistics/distribution.ts";
import { halfWidth, type Interval } from "../statistics/interval.ts";
import { pairedDifference } from "../statistics/paired.ts";
import { addedToEndMs, addedToFirstTokenMs, type HeldRequest } from "./delay-log.ts";
import { differenceOf, differences, latencies, pairCount, type PairedOutcome } from "./paired-arms.ts";

export const metrics = ["TTFT", "E2E"] as const;
export type Metric = (typeof metrics)[number];

const confidence = 0.95;
const told = { TTFT: addedToFirstTokenMs, E2E: addedToEndMs } as const;

/** Milliseconds that the target adds, with the interval over blocks; null below two blocks with pairs. */
export function estimate(outcome: PairedOutcome, metric: Metric): Interval | null {
  return pairedDifference(differences(outcome, latencies[metric]), { confidence });
}

/** An estimate beside what the delay gateway did to the same requests. */
export interface CoverageCase {
  readonly name: string;
  readonly metric: Metric;
  readonly pairs: number;
  readonly interval: Interval | null;
  /** Mean over the same pairs; null when the gateway's log lacks any of them. */
  readonly truthMs: number | null;
  readonly covered: boolean;
}

/** Holds an estimate against the gateway's log. Without the whole truth nothing counts as covered. */
export function compareWithTruth(
  name: string,
  outcome: PairedOutcome,
  truth: ReadonlyMap<string, HeldRequest>,
): readonly CoverageCase[] {
  const requests = outcome.blocks.flatMap(({ paired }) => paired);
  const pairs = pairCount(outcome);
  return metrics.map((metric) => {
    const addedMs = ({ id }: { readonly id: string }) => {
      const held = truth.get(id);
      return held === undefined ? null : told[metric](held);
    };
    const added = requests.flatMap((request) => differenceOf(request, addedMs) ?? []);
    const truthMs = requests.length > 0 && added.length === requests.length ? meanOf(added) : null;
    const interval = estimate(outcome, metric);
    const covered =
      interval !== null && truthMs !== null && interval.low <= truthMs && truthMs <= interval.high;
    return { name, metric, pairs, interval, truthMs, covered };
  });
}

/** e.g. `2.974 to 3.070` in milliseconds. */
export function rangeText(interval: Interval | null): string {
  return interval === null ? "not measured" : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
}

/** Estimate - truth; null when either is missing. */
export function biasMs({ interval, truthMs }: CoverageCase): number | null {
  return interval === null || truthMs === null ? null : interval.estimate - truthMs;
}

export function halfWidthMs({ interval }: CoverageCase): number | null {
  return interval === null ? null : halfWidth(interval);
}
