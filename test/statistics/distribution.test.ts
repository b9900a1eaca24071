import * as fc from "fast-check";
import { expect, test } from "vitest";
import { minimumSamples, percentile, summarize } from "../../bench/statistics/distribution.ts";
import { golden } from "./golden/statistics.ts";

test("percentiles are NumPy's default ones", () => {
  for (const [q, expected] of golden.percentiles.rows) {
    expect(percentile(golden.percentiles.values, q)).toBeCloseTo(expected, 12);
  }
});

test("a summary names count, mean, extremes and deviation, and leaves out percentiles it cannot support", () => {
  const { mean, standard_deviation: deviation, values } = golden.percentiles;
  const summary = summarize(values);
  expect({ ...summary, mean: 0, standardDeviation: 0 }).toEqual({
    count: 25,
    mean: 0,
    standardDeviation: 0,
    min: Math.min(...values),
    max: Math.max(...values),
    p50: percentile(values, 0.5),
    p75: percentile(values, 0.75),
    p90: null,
    p95: null,
    p99: null,
  });
  expect(summary.mean).toBeCloseTo(mean, 12);
  expect(summary.standardDeviation).toBeCloseTo(deviation, 12);
});

test("the minimum-sample rule gives the published numbers", () => {
  const quantiles = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];
  expect(quantiles.map(minimumSamples)).toEqual([11, 24, 64, 130, 662, 6636, 66_381]);
  expect(minimumSamples(0.1)).toBe(64);
  expect(() => minimumSamples(1)).toThrow(RangeError);
});

test("one value short of the rule gives null, the rule itself gives a number", () => {
  const values = (count: number) => Array.from({ length: count }, (_, index) => index);
  expect([summarize(values(63)).p90, summarize(values(64)).p90]).toEqual([null, 56.7]);
  expect([summarize(values(661)).p99, summarize(values(662)).p99]).toEqual([null, 654.39]);
});

test("nothing is null, not zero", () => {
  expect(summarize([])).toEqual({
    count: 0,
    mean: null,
    min: null,
    max: null,
    standardDeviation: null,
    p50: null,
    p75: null,
    p90: null,
    p95: null,
    p99: null,
  });
  expect(summarize([5])).toMatchObject({
    count: 1,
    mean: 5,
    min: 5,
    max: 5,
    standardDeviation: null,
    p50: null,
  });
});

test("a value that is not finite is refused, not averaged", () => {
  expect(() => summarize([1, Number.NaN])).toThrow("a distribution needs finite values, got NaN");
  expect(() => percentile([Number.POSITIVE_INFINITY], 0.5)).toThrow(RangeError);
});

test("percentiles lie between the extremes, rise with q, and do not depend on order", () => {
  const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const at = (share: number) => percentile(values, share)!;
        expect(at(q)).toBeGreaterThanOrEqual(Math.min(...values));
        expect(at(q)).toBeLessThanOrEqual(Math.max(...values));
        expect(at(q)).toBeGreaterThanOrEqual(at(q / 2) - 1e-9);
        expect(percentile(values.toReversed(), q)).toBe(at(q));
      },
    ),
  );
});

test("the input is not sorted in place", () => {
  const values = [3, 1, 2];
  summarize(values);
  expect(values).toEqual([3, 1, 2]);
});
