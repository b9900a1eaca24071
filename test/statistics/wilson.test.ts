import { expect, test } from "vitest";
import { boundedMeanInterval, wilsonInterval } from "../../bench/statistics/wilson.ts";
import { golden } from "./golden/statistics.ts";

test("the interval of a pass rate is SciPy's Wilson interval", () => {
  for (const [passes, trials, confidence, low, high] of golden.wilson) {
    expect(wilsonInterval(passes, trials, { confidence })).toEqual({
      estimate: passes / trials,
      low: expect.closeTo(low, 12),
      high: expect.closeTo(high, 12),
      confidence,
      method: "Wilson score interval",
      units: trials,
    });
  }
});

test("no trials give no interval, impossible counts are refused", () => {
  expect(wilsonInterval(0, 0, { confidence: 0.95 })).toBeNull();
  for (const [passes, trials] of [
    [3, 2],
    [-1, 2],
    [0.5, 2],
    [Number.NaN, 2],
  ] as const) {
    expect(() => wilsonInterval(passes, trials, { confidence: 0.95 })).toThrow("impossible counts");
  }
});

test("a mean of values in 0..1 has Wilson's interval, also where all of them are equal", () => {
  const { method: _, ...passes } = wilsonInterval(3, 4, { confidence: 0.95 })!;
  expect(boundedMeanInterval([1, 0.5, 0.5, 1], { confidence: 0.95 })).toMatchObject(passes);
  expect(boundedMeanInterval([1, 1, 1], { confidence: 0.95 })).toMatchObject({ estimate: 1, high: 1 });
  expect(boundedMeanInterval([1, 1, 1], { confidence: 0.95 })!.low).toBeLessThan(0.5);
  expect(boundedMeanInterval([], { confidence: 0.95 })).toBeNull();
  expect(() => boundedMeanInterval([1.1], { confidence: 0.95 })).toThrow("a value must lie in 0..1, got 1.1");
});
