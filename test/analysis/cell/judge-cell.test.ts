import { expect, test } from "vitest";
import type { SegmentUse } from "../../../bench/analysis/cell/segment-choice.ts";
import { judgeCell } from "../../../bench/analysis/cell/judge-cell.ts";

const segment = (changes: Partial<SegmentUse>): SegmentUse => ({
  segmentId: "s0",
  used: true,
  excluded: null,
  episodes: 2,
  seconds: 10,
  drained: true,
  ...changes,
});
/** A cell of two episodes; its engine's counters say nothing against it. */
function verdictOf(segments: readonly SegmentUse[], finished = 2): string {
  const { verdict } = judgeCell({
    planned: 2,
    finished,
    segments,
    agentEngine: null,
    tokenCheck: { status: "exact", details: [] },
    answered: 0,
    innerRequests: 0,
    pressure: [],
    seconds: 10,
  });
  // Without counters a used segment says so; what is asked here is what the segments say.
  return verdict === "no-metrics" ? "nothing against its segments" : verdict;
}
const died = (episodes: number) => segment({ used: false, excluded: "engine-died", episodes });

test("a cell whose engine died is engine-died while results of that segment count, or some are missing", () => {
  expect(verdictOf([died(1), segment({ segmentId: "s1", episodes: 1 })])).toBe("engine-died");
  expect(verdictOf([died(0)], 0)).toBe("engine-died");
  expect(verdictOf([died(0), segment({ segmentId: "s1", episodes: 1 })], 1)).toBe("engine-died");
});

test("a cell that was done again as a whole is judged by the segment that its results are from", () => {
  const again = segment({ segmentId: "s1", episodes: 2 });
  expect(verdictOf([died(0), again])).toBe("nothing against its segments");
  const killed = segment({ used: false, excluded: "unclosed", episodes: 0 });
  expect(verdictOf([killed, again])).toBe("nothing against its segments");
});
