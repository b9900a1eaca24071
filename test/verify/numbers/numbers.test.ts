import * as fc from "fast-check";
import { expect, test } from "vitest";
import { summarize } from "../../../bench/statistics/distribution.ts";
import { studentTQuantile } from "../../../bench/statistics/reference-distributions.ts";
import { wilcoxonTest } from "../../../bench/statistics/paired.ts";
import { wilsonInterval } from "../../../bench/statistics/wilson.ts";
import { clusterInterval } from "../../../bench/analysis/estimates/cluster-interval.ts";
import { bootstrapped } from "../../../bench/verify/numbers/draws.ts";
import { signedRankChance } from "../../../bench/verify/numbers/signed-rank.ts";
import { allPassChance, percentile, wilson } from "../../../bench/verify/numbers/samples.ts";
import { studentPoint } from "../../../bench/verify/numbers/student.ts";

/** Two implementations that were written apart agree, or one of them is wrong. */
const times = fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 800 });

test("Student's t, over whole and broken degrees of freedom", () => {
  for (const degrees of [1, 1.3, 2, 3.9, 4, 9, 50, 399, 401, 20_000])
    expect(studentPoint(degrees) / studentTQuantile(0.975, degrees)).toBeCloseTo(1, 11);
});

test("percentiles, and from how many values on", () => {
  fc.assert(
    fc.property(times, (values) => {
      const said = summarize(values);
      for (const [share, should] of [
        [0.5, said.p50],
        [0.95, said.p95],
        [0.99, said.p99],
      ] as const) {
        const is = percentile(values, share);
        expect(is === null).toBe(should === null);
        expect(is ?? 0).toBeCloseTo(should ?? 0, 6);
      }
    }),
    { numRuns: 50 },
  );
});

test("Wilson's interval", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (a, b) => {
      const [passes, trials] = [Math.min(a, b), Math.max(a, b, 1)];
      const should = wilsonInterval(passes, trials, { confidence: 0.95 });
      const is = wilson(passes / trials, trials);
      expect(is.low).toBeCloseTo(should?.low ?? Number.NaN, 12);
      expect(is.high).toBeCloseTo(should?.high ?? Number.NaN, 12);
    }),
  );
});

test("the t bootstrap over units: the same draws, the same limits", () => {
  const placed = fc.array(
    fc.record({
      value: fc.double({ min: -5, max: 1000, noNaN: true }),
      unit: fc.integer({ min: 0, max: 30 }).map(String),
    }),
    {
      minLength: 1,
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(placed, fc.constantFrom("mean" as const, 0.5, 0.95), (values, what) => {
      const should = clusterInterval(
        values.map(({ value, unit }) => ({ value, cluster: unit })),
        what,
      );
      const is = bootstrapped(values, what);
      const ends = [is.low, is.high].map((end) => end ?? Number.NaN);
      const wanted = [should?.low ?? Number.NaN, should?.high ?? Number.NaN];
      const far = ends.filter((end, at) => {
        const want = wanted[at] ?? Number.NaN;
        return Number.isNaN(want)
          ? !Number.isNaN(end)
          : !(Math.abs(end - want) < 1e-8 * Math.max(1, Math.abs(want)));
      });
      expect(far).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("the signed-rank test, exact, with ties and with zeros", () => {
  const difference = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -3, max: 3, noNaN: true }));
  fc.assert(
    fc.property(fc.array(difference, { minLength: 1, maxLength: 70 }), (values) => {
      const [should, is] = [wilcoxonTest(values)?.pValue ?? null, signedRankChance(values)];
      expect(is === null).toBe(should === null);
      expect(is ?? 1).toBeCloseTo(should ?? 1, 10);
    }),
  );
});

/** C(n, k) as a whole number of any size. */
function binomial(n: number, k: number): bigint {
  let ways = 1n;
  for (let drawn = 0; drawn < k; drawn += 1) ways = (ways * BigInt(n - drawn)) / BigInt(drawn + 1);
  return ways;
}

/** Binomials of hundreds are larger than any number of a computer: their quotient has to be made without them. */
test.each([
  [3, 5, 2],
  [999, 1000, 500],
  [1100, 1200, 600],
  [900, 1200, 400],
  [400, 1200, 401],
  [1200, 1200, 1200],
])("the chance that all of k pass, with %i passes of %i trials and k = %i", (passes, trials, k) => {
  const [part, whole] = [passes < k ? 0n : binomial(passes, k), binomial(trials, k)];
  // To 40 decimal places after the point, as one number with an exponent.
  const exact = Number((part * 10n ** 400n) / whole / 10n ** 100n) / 1e300;
  const is = allPassChance(passes, trials, k);
  expect(is).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
  expect(is).toBeLessThanOrEqual(exact * (1 + 1e-9) + 1e-299);
});
