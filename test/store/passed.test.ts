import { expect, test } from "vitest";
import { hasPassed } from "../../bench/store/passed.ts";

const score = (value: number | null, passed: boolean | null) => ({ name: "reward", value, passed });

test.each([
  ["no reward", { reward: null }, null],
  ["a reward of 1, of an older run", { reward: 1 }, true],
  ["a reward of 1 but for a product of floats", { reward: 1 - 1e-9 }, true],
  ["a reward of 0.9, of an older run", { reward: 0.9 }, false],
  ["a grade that the workload calls passed", { reward: 0.9, scores: [score(0.9, true)] }, true],
  ["a whole reward that the workload calls not passed", { reward: 1, scores: [score(1, false)] }, false],
  ["a workload that does not say", { reward: 0.9, scores: [score(0.9, null)] }, false],
  ["a reward that a judge gave after the run", { reward: 1, scores: [score(null, null)] }, true],
  ["scores without any", { reward: 1, scores: [] }, true],
])("%s", (_, record, passed) => {
  expect(hasPassed(record)).toBe(passed);
});
