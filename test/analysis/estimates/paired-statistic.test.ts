import * as fc from "fast-check";
import { expect, test } from "vitest";
import { statisticDifference } from "../../../bench/analysis/estimates/paired-statistic.ts";
import { meanOf, percentile } from "../../../bench/statistics/distribution.ts";

const options = { confidence: 0.95, resamples: 50 };
const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 });
const units = fc.array(fc.record({ base: values, target: values }), { minLength: 2, maxLength: 6 });

test("each side is the plain statistic of all its values, and the estimate is their difference", () => {
  fc.assert(
    fc.property(units, (drawn) => {
      const [base, target] = [drawn.flatMap((unit) => unit.base), drawn.flatMap((unit) => unit.target)];
      const p95 = statisticDifference(drawn, "p95", options);
      expect(p95.base).toBeCloseTo(percentile(base, 0.95) ?? Number.NaN, 9);
      expect(p95.target).toBeCloseTo(percentile(target, 0.95) ?? Number.NaN, 9);
      expect(p95.interval?.estimate).toBeCloseTo(p95.target - p95.base, 9);
      expect(statisticDifference(drawn, "mean", options).target).toBeCloseTo(meanOf(target), 9);
    }),
  );
});

test("what units differ in cancels, because the same units are drawn for both sides", () => {
  const far = [0, 1000, 2000, 3000].map((level) => ({
    base: [level, level + 1],
    target: [level + 5, level + 6],
  }));
  const { interval } = statisticDifference(far, "mean", options);
  expect(interval?.low).toBeCloseTo(5, 6);
  expect(interval?.high).toBeCloseTo(5, 6);
});

test("the same units give the same interval every time; one unit gives none", () => {
  const two = [
    { base: [1, 2], target: [2, 4] },
    { base: [1], target: [5] },
  ];
  expect(statisticDifference(two, "p50", options)).toEqual(statisticDifference(two, "p50", options));
  expect(statisticDifference(two.slice(0, 1), "p50", options)).toMatchObject({
    base: 1.5,
    target: 3,
    interval: null,
  });
});
