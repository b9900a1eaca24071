import { expect, test } from "vitest";
import type { Difference } from "../../../bench/analysis/estimates/paired-difference.ts";
import { findingText, isWithin, pathWords } from "../../../bench/report/tables/finding-text.ts";

const difference = (
  [low, value, high]: readonly [number | null, number | null, number | null],
  changes: Partial<Difference> = {},
): Difference => ({
  difference: { value, count: 60, low, high },
  unit: "tasks",
  tasks: 12,
  cellPairs: 1,
  baselineMean: 1,
  armMean: 2,
  finding: "cannot-tell",
  signedRankP: null,
  margin: null,
  ...changes,
});

/** Beside an interval that leaves 0 out, "cannot tell" alone would look like a mistake. */
test.each<[string, Difference, string]>([
  ["more", difference([1, 2, 3], { finding: "more" }), "slower"],
  ["less", difference([-3, -2, -1], { finding: "less" }), "faster"],
  ["0 is in it", difference([-1, 1, 3]), "cannot tell\n(holds 0)"],
  ["nothing differs in any pair", difference([0, 0, 0]), "the same"],
  ["few tasks", difference([1, 2, 3], { tasks: 4 }), "cannot tell\n(too few tasks)"],
  ["few tasks, no interval", difference([null, 2, null], { tasks: 1 }), "cannot tell\n(too few tasks)"],
  ["one pair of cells", difference([1, 2, 3]), "cannot tell\n(drift is not in it)"],
  [
    "three pairs, 0 is in it",
    difference([-1, 1, 3], { unit: "cell pairs", cellPairs: 3 }),
    "cannot tell\n(holds 0)",
  ],
  [
    "beyond a margin, few tasks",
    difference([5, 6, 7], {
      tasks: 3,
      margin: { limit: 1, verdict: "cannot-tell", moreUnits: null, moreSeconds: null },
    }),
    "cannot tell ±1.00\n(too few tasks)",
  ],
  [
    "inside a margin",
    difference([-0.1, 0, 0.1], {
      margin: { limit: 1, verdict: "inside", moreUnits: null, moreSeconds: null },
    }),
    "inside ±1.00\n(negligible)",
  ],
])("%s", (_, found, text) => {
  expect(findingText(found, pathWords)).toBe(text);
});

test("what the baseline differs from itself by is no finding; beyond it is one", () => {
  const floor = difference([-2, 0, 2]);
  expect(isWithin(difference([1, 2, 3], { finding: "more" }), floor)).toBe(true);
  expect(isWithin(difference([2, 2.1, 2.2], { finding: "more" }), floor)).toBe(false);
  expect(isWithin(difference([-1, 1, 3]), floor)).toBe(false);
  expect(isWithin(difference([1, 2, 3], { finding: "more" }), difference([null, null, null]))).toBe(false);
});
