import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseExposition } from "../../bench/metrics/exposition.ts";
import {
  assembleHistograms,
  type Bucket,
  estimateQuantile,
  mergeBuckets,
} from "../../bench/metrics/histogram.ts";

const buckets = (...counts: readonly (readonly [number, number])[]): readonly Bucket[] =>
  counts.map(([le, count]) => ({ le, count }));

test("histograms are assembled per label set from lines in any order", () => {
  const page = `h_count{m="a"} 3
h_bucket{le="+Inf",m="a"} 3
h_bucket{le="0.5",m="a"} 1
h_sum{m="b"} 1.5
h_bucket{le="1e1",m="a"} 2
h_sum{m="a"} 12
`;
  expect(assembleHistograms(parseExposition(page).samples)).toMatchObject([
    {
      family: "h",
      labels: new Map([["m", "a"]]),
      buckets: buckets([0.5, 1], [10, 2], [Infinity, 3]),
      sum: 12,
      count: 3,
    },
    { family: "h", labels: new Map([["m", "b"]]), buckets: [], sum: 1.5, count: null },
  ]);
});

test("a quantile is a straight line inside its bucket, with the bounds beside it", () => {
  const hundred = buckets([0.1, 50], [0.2, 90], [0.4, 100], [Infinity, 100]);
  expect(estimateQuantile(hundred, 0.5)).toEqual({
    estimate: true,
    value: 0.1,
    lower: 0,
    upper: 0.1,
    count: 100,
  });
  expect(estimateQuantile(hundred, 0.7)).toEqual({
    estimate: true,
    value: expect.closeTo(0.15, 12),
    lower: 0.1,
    upper: 0.2,
    count: 100,
  });
});

test("in the open bucket only the lower bound is known", () => {
  expect(estimateQuantile(buckets([1, 10], [Infinity, 100]), 0.5)).toEqual({
    estimate: true,
    value: null,
    lower: 1,
    upper: null,
    count: 100,
  });
});

test("no estimate from too few observations, without +Inf, from falling or unusable counts", () => {
  expect(estimateQuantile(buckets([1, 10], [Infinity, 10]), 0.5)).toBeNull();
  expect(estimateQuantile(buckets([1, 661], [Infinity, 661]), 0.99)).toBeNull();
  expect(estimateQuantile(buckets([1, 662], [Infinity, 662]), 0.99)).not.toBeNull();
  expect(estimateQuantile(buckets([1, 50], [2, 100]), 0.5)).toBeNull();
  expect(estimateQuantile(buckets([1, 60], [2, 50], [Infinity, 100]), 0.5)).toBeNull();
  expect(estimateQuantile(buckets([1, Number.NaN], [Infinity, 100]), 0.5)).toBeNull();
  expect(estimateQuantile([], 0.5)).toBeNull();
});

test("series with other boundaries are not added up", () => {
  const one = buckets([1, 2], [Infinity, 3]);
  expect(mergeBuckets([one, one])).toEqual(buckets([1, 4], [Infinity, 6]));
  expect(mergeBuckets([one, buckets([2, 2], [Infinity, 3])])).toBeNull();
  expect(mergeBuckets([one, []])).toBeNull();
  expect(mergeBuckets([])).toBeNull();
});

test("the true quantile lies within the bounds of the estimate", () => {
  const bounds = [1, 2, 5, 10, 20, Infinity];
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 19.9, noNaN: true }), { minLength: 64, maxLength: 200 }),
      fc.constantFrom(0.5, 0.9),
      (values, q) => {
        const cumulative = bounds.map((le) => ({ le, count: values.filter((value) => value <= le).length }));
        const estimate = estimateQuantile(cumulative, q)!;
        // The smallest value with at least q of all values at or below it: what bucket counts can tell.
        const truth = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;
        expect(truth).toBeLessThanOrEqual(estimate.upper!);
        expect(truth > estimate.lower || estimate.lower === 0).toBe(true);
        expect(estimate.value).toBeGreaterThanOrEqual(estimate.lower);
        expect(estimate.value).toBeLessThanOrEqual(estimate.upper!);
      },
    ),
  );
});
