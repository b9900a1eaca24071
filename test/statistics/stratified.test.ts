import { expect, test } from "vitest";
import { createRng } from "../../bench/statistics/rng.ts";
import { stratifiedMean } from "../../bench/statistics/stratified.ts";

const confidence = 0.95;

test("one stratum has Student's interval", () => {
  const interval = stratifiedMean([{ values: [0.2, 0.4, 0.9], weight: 1 }], { confidence });
  // mean 0.5, s = 0.36056, t(2, 0.975) = 4.30265: half = 4.30265 x 0.36056 / sqrt(3)
  expect(interval?.estimate).toBeCloseTo(0.5, 12);
  expect(interval?.high).toBeCloseTo(0.5 + 0.895_669, 5);
  expect(interval?.low).toBeCloseTo(0.5 - 0.895_669, 5);
});

test("two strata of unlike size and scatter: by hand", () => {
  const strata = [
    { values: [1, 3], weight: 0.5 },
    { values: [0, 0, 3], weight: 0.5 },
  ];
  // Variances 2 and 3; parts 0.25 x 2 / 2 = 0.25 and 0.25 x 3 / 3 = 0.25; degrees 0.25 / (0.0625 / 1 + 0.0625 / 2) = 8 / 3
  const interval = stratifiedMean(strata, { confidence });
  expect(interval?.estimate).toBeCloseTo(1.5, 12);
  // t(8/3, 0.975) = 3.4229: half = 3.4229 x sqrt(0.5)
  expect((interval?.high ?? 0) - 1.5).toBeCloseTo(2.42, 2);
});

test("a stratum with one value has no scatter, so there is no interval; values that are alike have one without width", () => {
  expect(stratifiedMean([{ values: [1], weight: 1 }], { confidence })).toBeNull();
  expect(stratifiedMean([], { confidence })).toBeNull();
  const alike = stratifiedMean([{ values: [0.5, 0.5], weight: 1 }], { confidence });
  expect([alike?.low, alike?.high]).toEqual([0.5, 0.5]);
});

test("it holds the truth as often as it says, with few and many repetitions", () => {
  const rng = createRng(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  for (const repetitions of [2, 3, 8]) {
    const held = Array.from({ length: 1000 }, () => {
      const strata = Array.from({ length: 6 }, (_, at) => ({
        values: Array.from({ length: repetitions }, () => at + (1 + at / 5) * normal()),
        weight: 1 / 6,
      }));
      const interval = stratifiedMean(strata, { confidence });
      return interval !== null && interval.low <= 2.5 && interval.high >= 2.5;
    }).filter(Boolean).length;
    expect(held / 1000).toBeGreaterThan(0.925);
    expect(held / 1000).toBeLessThan(0.99);
  }
});
