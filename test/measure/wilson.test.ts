import { expect, test } from "vitest";
import { wilsonInterval } from "../../bench/measure/wilson.ts";
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
