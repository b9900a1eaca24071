import { expect, test } from "vitest";
import { runScore } from "../../../../../suites/tasks/scoring/clawbench/run-score.ts";
import { rounded } from "../../../../../suites/tasks/scoring/clawbench/rounding.ts";

test.for([
  { completion: 1, judge: null, hasVerifier: true, score: 0.9333 },
  { completion: 1, judge: 0.5, hasVerifier: true, score: 0.89 },
  { completion: 0.5, judge: 1, hasVerifier: true, score: 0.7111 },
  { completion: 1, judge: 0.5, hasVerifier: false, score: 0.71 },
  { completion: 0.5, judge: null, hasVerifier: false, score: 0.7111 },
])("completion $completion with judge $judge and verifier $hasVerifier is $score", ({ score, ...parts }) => {
  expect(runScore({ ...parts, trajectory: 0.8, behavior: 1 })).toBe(score);
});

test.for([
  // As Python rounds: exactly between two goes to the even one, everything else to the nearest.
  [0.03125, 0.0312],
  [0.09375, 0.0938],
  [0.15625, 0.1562],
  [0.12345, 0.1235],
  [1.00005, 1.0001],
  [2 / 3, 0.6667],
  [0, 0],
] as const)("%d is rounded to %d", ([value, expected]) => {
  expect(rounded(value)).toBe(expected);
});
