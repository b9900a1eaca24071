import { expect, test } from "vitest";
import { assert, integer, property } from "fast-check";
import {
  coverageOf,
  coverageSentence,
  pairedCoverage,
  partText,
  shareText,
} from "../../../bench/analysis/estimates/coverage.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 20);
const planned = {
  of: "problems",
  selected: 3,
  total: 164,
  excluded: [{ reason: "after the first 3 (workload.limit)", count: 161 }],
};
const episode = (at: number, taskId: string, reward: number | null) =>
  buildEpisode(cell, at, {
    taskId,
    trial: at,
    reward,
    ...(reward === null ? { status: "failed", failure: { class: "engine", message: "no" } } : {}),
  });

test("a part is said to be one, a whole is not", () => {
  expect([shareText(5, 164), shareText(5, 5), shareText(0, 5)]).toEqual([
    "5/164, partial",
    "5/5",
    "0/5, partial",
  ]);
});

test("what has no score is not covered, whatever was planned; trials of a problem are one", () => {
  const scored = coverageOf(planned, [episode(0, "a", 1), episode(1, "a", 0), episode(2, "b", null)]);
  expect(scored).toMatchObject({ scored: 1, selected: 3, total: 164, text: "1/164, partial" });
  const all = { of: "problems", selected: 1, total: 1, excluded: [] };
  expect(coverageOf(all, [episode(0, "a", 0)]).text).toBe("1/1");
  expect(coverageOf(all, [episode(0, "a", null)]).text).toBe("0/1, partial");
});

test("the sentence names why the others are not there", () => {
  expect(coverageSentence(planned)).toBe(
    "coverage: 3 of 164 problems, partial (left out: 161: after the first 3 (workload.limit))",
  );
  expect(coverageSentence({ of: "problems", selected: 5, total: 5, excluded: [] })).toBe(
    "coverage: all 5 problems",
  );
});

test("a group of a partial run is a part; nothing is said where no whole is known", () => {
  const part = coverageOf(planned, [episode(0, "a", 1)]);
  expect([partText(2, part), partText(2, undefined)]).toEqual(["2, partial", ""]);
});

test("two runs are compared over what both have: never more than the smaller, never called whole by it", () => {
  const [five, all] = [{ coverage: planned }, { coverage: { ...planned, selected: 164, excluded: [] } }];
  expect(pairedCoverage([five, all], 3)).toBe("3/164, partial");
  expect(pairedCoverage([five, {}], 3)).toBe("3/164, partial");
  expect(pairedCoverage([{}, {}], 3)).toBeNull();
});

test("no part of any size is printed as the whole", () => {
  assert(
    property(integer({ min: 1, max: 5000 }), integer({ min: 0, max: 5000 }), (total, scored) => {
      const part = Math.min(scored, total);
      expect(shareText(part, total).endsWith(", partial")).toBe(part < total);
    }),
  );
});
