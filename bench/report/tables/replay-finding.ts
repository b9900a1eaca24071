import type { ArmComparison, ReplayDifference } from "../../analysis/replay/comparison.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import { marginText } from "./margin-text.ts";
import { differenceText, numberText } from "./number-text.ts";

export type ReplayFinding = "slower" | "faster" | "within A/A" | "cannot tell";

/** What an interval says. @param floorMs see {@link replayFloorMs} */
export function replayFinding({ interval }: ReplayDifference, floorMs: number | null): ReplayFinding {
  if (interval === null || (interval.low <= 0 && interval.high >= 0)) return "cannot tell";
  // The same arm twice may differ by as much in this run.
  if (floorMs !== null && Math.abs(interval.estimate) <= floorMs) return "within A/A";
  return interval.low > 0 ? "slower" : "faster";
}

/** What the baseline against itself may differ by in E2E, its drift included; null where that was not measured. */
export function replayFloorMs(comparisons: readonly ArmComparison[]): number | null {
  const ends = comparisons.flatMap(({ arm, metrics: { e2e } }) =>
    arm.part === "again" && e2e.interval !== null
      ? [Math.abs(e2e.interval.low), Math.abs(e2e.interval.high)]
      : [],
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

/** What a difference says of the declared margin; null where none was declared. */
export function replayMarginText({ margin }: ReplayDifference, blockSeconds: number | null): string | null {
  if (margin === null) return null;
  const moreSeconds =
    margin.moreUnits === null || blockSeconds === null ? null : margin.moreUnits * blockSeconds;
  const text = marginText(margin, { limit: `${numberText(margin.limitMs)} ms`, unit: "blocks", moreSeconds });
  return text.replaceAll("\n", " ");
}

/** What each compared arm adds, in a sentence for each setting. Pure. */
export function replayAnswers({ comparisons, blockSeconds }: StoredReplay): readonly string[] {
  return comparisons
    .filter(({ arm: { part } }) => part === "compared")
    .map(({ setting: { key }, arm, altered, metrics: { e2e } }) => {
      if (altered !== undefined) return `${key}, ${arm.label}: not comparable: ${altered}.`;
      const { interval, count } = e2e;
      if (interval === null)
        return `${key}, ${arm.label}: not stated: ${count === 0 ? "no pairs" : "too few blocks"}.`;
      const floorMs = replayFloorMs(comparisons.filter(({ setting }) => setting.key === key));
      const found = replayMarginText(e2e, blockSeconds[key] ?? null) ?? replayFinding(e2e, floorMs);
      return `${key}, ${arm.label}: ${differenceText({ value: interval.estimate, ...interval, count })} ms on a whole request: ${found}.`;
    });
}
