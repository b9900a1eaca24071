import { expect, test } from "vitest";
import {
  latencyPercentile,
  meanInterval,
  signalToNoiseDb,
  taskReliability,
} from "../../../../../suites/tasks/scoring/clawbench/reliability.ts";

/** Computed with the original's functions; the noise of the additions in the last digit of a bound is theirs, too. */
const golden = [
  {
    scores: [1, 0.5, 0.8],
    mean: 0.7666666666666666,
    sd: 0.2516611478423583,
    range: [0.5, 1],
    interval: [0.5, 1],
    passAt1: true,
    passRate: 0.6666666666666666,
    passHatK: false,
    varianceScore: 0,
    reliability: 0.19999999999999998,
    taskScore: 0.71,
    highVariance: true,
  },
  {
    scores: [0.9, 0.9, 0.9],
    mean: 0.9,
    sd: 0,
    range: [0.9, 0.9],
    interval: [0.9, 0.9],
    passAt1: true,
    passRate: 1,
    passHatK: true,
    varianceScore: 1,
    reliability: 1,
    taskScore: 0.91,
    highVariance: false,
  },
  {
    scores: [0.2, 0.95, 0.71],
    mean: 0.62,
    sd: 0.3830143600441111,
    range: [0.2, 0.95],
    interval: [0.20000000000000004, 0.9499999999999998],
    passAt1: false,
    passRate: 0.6666666666666666,
    passHatK: false,
    varianceScore: 0,
    reliability: 0.19999999999999998,
    taskScore: 0.5780000000000001,
    highVariance: true,
  },
  {
    scores: [0.95, 0.4, 0.88],
    passed: [true, false, true],
    mean: 0.7433333333333333,
    sd: 0.29938826518975875,
    range: [0.4, 0.95],
    interval: [0.4000000000000001, 0.9499999999999998],
    passAt1: true,
    passRate: 0.6666666666666666,
    passHatK: false,
    varianceScore: 0,
    reliability: 0.19999999999999998,
    taskScore: 0.689,
    highVariance: true,
  },
  {
    scores: [0.7],
    mean: 0.7,
    sd: 0,
    range: [0.7, 0.7],
    interval: [0.7, 0.7],
    passAt1: true,
    passRate: 1,
    passHatK: true,
    varianceScore: 1,
    reliability: 1,
    taskScore: 0.73,
    highVariance: false,
  },
] as const;

test.for(golden)("the runs $scores of a task are summed up as by the original", (wanted) => {
  const { range, interval, scores, ...values } = wanted;
  const { passed, ...expected } = { passed: undefined, ...values };
  const found = taskReliability(scores, passed === undefined ? {} : { passed });
  expect(found).toMatchObject({
    ...expected,
    runs: scores.length,
    min: range[0],
    max: range[1],
    worstOfN: range[0],
    interval: { lower: interval[0], upper: interval[1] },
  });
});

test("flags decide, not the threshold, and must be as many as the runs", () => {
  expect(taskReliability([0.95, 0.9], { passed: [false, true] })).toMatchObject({
    passAt1: false,
    passRate: 0.5,
  });
  expect(taskReliability([0.5, 0.6], { threshold: 0.5 })).toMatchObject({ passRate: 1 });
  expect(() => taskReliability([0.9], { passed: [] })).toThrow("0 flags for 1 scores");
  expect(taskReliability([])).toBeNull();
});

test("the interval of a mean has the bounds that numpy's draws give", () => {
  // numpy 2.4: bootstrap_ci of the original over these values.
  const nineteen = [
    0.31, 0.94, 0.7, 0.12, 1, 0.88, 0.45, 0.52, 0.67, 0.9, 0.05, 0.77, 0.83, 0.61, 0.99, 0.4, 0.28, 0.73,
    0.56,
  ];
  expect(meanInterval(nineteen)).toEqual({ lower: 0.4905131578947369, upper: 0.7405394736842104 });
  expect(meanInterval([0.1, 0.9, 0.4, 0.7, 0.35])).toEqual({
    lower: 0.25999999999999995,
    upper: 0.7499999999999999,
  });
  expect(meanInterval([])).toBeNull();
});

test.for([
  [[0.85, 0.1], -17.049397819335802],
  [[0.78, 0.65], -3.021706252937874],
  [[1, 0], -56.98970438630283],
] as const)("the signal-to-noise ratio of %j is %d dB", ([scores, decibels]) => {
  expect(signalToNoiseDb(scores)).toBeCloseTo(decibels, 12);
});

test("a percentile of durations lies between its neighbours, and nothing has none", () => {
  expect(latencyPercentile([300, 100, 200], 50)).toBe(200);
  expect(latencyPercentile([100, 200], 95)).toBeCloseTo(195, 9);
  expect(latencyPercentile([], 50)).toBeNull();
});
