import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bootstrap, bootstrapEach } from "../../bench/statistics/bootstrap.ts";
import { meanOf } from "../../bench/statistics/distribution.ts";
import { pairedDifference } from "../../bench/statistics/paired.ts";
import { createRng } from "../../bench/statistics/rng.ts";
import { golden } from "./golden/statistics.ts";

const options = { confidence: 0.95, resamples: 400 } as const;

test("the same seed gives the same interval, another seed another one", () => {
  const { values } = golden.bootstrap;
  const run = (seed: number) => bootstrap(values, meanOf, { ...options, rng: createRng(seed) });
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
  expect(run(1)).toMatchObject({ confidence: 0.95, method: "t bootstrap over units", units: 25 });
});

test("resampling whole blocks keeps what varies between blocks", () => {
  const blocks = [1, 2, 3, 4, 5, 6].map((level) =>
    Array.from({ length: 50 }, (_, index) => level + (index % 2) * 0.01),
  );
  const overBlocks = bootstrap(blocks, (drawn) => meanOf(drawn.flat()), { ...options, rng: createRng(7) })!;
  const overValues = bootstrap(blocks.flat(), meanOf, { ...options, rng: createRng(7) })!;
  expect(overBlocks).toMatchObject({ units: 6, method: "t bootstrap over units" });
  expect(overBlocks.high - overBlocks.low).toBeGreaterThan(4 * (overValues.high - overValues.low));
});

test("t limits of a mean are those of Student's interval, for a few units, too", () => {
  const values = [3, 5, 4, 8];
  const student = pairedDifference(
    values.map((value) => [value]),
    { confidence: 0.95 },
  )!;
  const { estimate, low, high } = bootstrap(values, meanOf, {
    ...options,
    resamples: 20_000,
    rng: createRng(2),
  })!;
  expect(estimate).toBe(student.estimate);
  expect((high - low) / (student.high - student.low)).toBeCloseTo(1, 1);
  expect((high + low) / 2).toBeCloseTo(student.estimate, 9);
});

test("several statistics of the same draws are what each is by itself", () => {
  const units = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 15 });
  const statistics = {
    mean: meanOf,
    largest: (values: readonly number[]) => Math.max(...values),
    seldom: (values: readonly number[]) => (values[0] === values[1] ? Number.NaN : 1),
    never: () => Number.NaN,
  };
  fc.assert(
    fc.property(units, (values) => {
      const drawn = (times: Uint32Array) =>
        values.flatMap((value, unit) => Array.from({ length: times[unit]! }, () => value));
      const sorted = (of: (values: readonly number[]) => number) => (some: readonly number[]) =>
        of(some.toSorted((a, b) => values.indexOf(a) - values.indexOf(b)));
      const together = bootstrapEach({ units: values.length, drawn }, statistics, {
        ...options,
        rng: createRng(3),
      });
      for (const [name, statistic] of Object.entries(statistics))
        expect(together[name as keyof typeof statistics]).toEqual(
          bootstrap(values, sorted(statistic), { ...options, rng: createRng(3) }),
        );
    }),
    { numRuns: 30 },
  );
});

test("too little data, an undefined statistic and impossible options give no interval", () => {
  const rng = createRng(1);
  expect(bootstrap([1], meanOf, { ...options, rng })).toBeNull();
  expect(bootstrap([1, 2, 3], () => Number.NaN, { ...options, rng })).toBeNull();
  const perNonZero = (values: readonly number[]) => 1 / Math.max(0, ...values) - 0;
  expect(bootstrap([0, 0, 0, 1], perNonZero, { ...options, rng })).toBeNull();
  expect(() => bootstrap([1, 2], meanOf, { ...options, rng, confidence: 95 })).toThrow(
    "confidence must lie in 0..1",
  );
});

test("equal values give an interval without width, and limits lie evenly around the estimate", () => {
  expect(bootstrap([2, 2, 2], meanOf, { ...options, rng: createRng(1) })).toMatchObject({
    estimate: 2,
    low: 2,
    high: 2,
  });
  const finite = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(fc.array(finite, { minLength: 2, maxLength: 30 }), fc.integer(), (values, seed) => {
      const rng = createRng(seed);
      const interval = bootstrap(values, meanOf, { ...options, resamples: 50, rng })!;
      expect(interval.low).toBeLessThanOrEqual(interval.high);
      expect((interval.low + interval.high) / 2).toBeCloseTo(meanOf(values), 6);
    }),
  );
});
