import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  bcaLimits,
  blockBootstrap,
  bootstrap,
  circularBlockBootstrap,
} from "../../bench/measure/bootstrap.ts";
import { meanOf, percentile } from "../../bench/measure/distribution.ts";
import { createRng } from "../../bench/measure/rng.ts";
import { golden } from "./golden/statistics.ts";

const options = { confidence: 0.95, resamples: 400, method: "percentile" } as const;

test("BCa limits equal SciPy's on SciPy's own resamples", () => {
  const { values, resampled, bca, percentile: plain } = golden.bootstrap;
  const leaveOneOut = values.map((_, left) => meanOf(values.filter((_, index) => index !== left)));
  const [low, high] = bcaLimits({ estimate: meanOf(values), resampled, leaveOneOut, confidence: 0.95 });
  expect(low).toBeCloseTo(bca[0], 10);
  expect(high).toBeCloseTo(bca[1], 10);
  expect(percentile(resampled, 0.025)).toBeCloseTo(plain[0], 10);
  expect(percentile(resampled, 0.975)).toBeCloseTo(plain[1], 10);
});

test("the same seed gives the same interval, another seed another one", () => {
  const { values } = golden.bootstrap;
  const run = (seed: number) =>
    bootstrap(values, meanOf, { ...options, rng: createRng(seed), method: "bca" });
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
  expect(run(1)).toMatchObject({ confidence: 0.95, method: "bca bootstrap over units", units: 25 });
});

test("resampling whole blocks keeps what varies between blocks", () => {
  const blocks = [1, 2, 3, 4, 5, 6].map((level) =>
    Array.from({ length: 50 }, (_, index) => level + (index % 2) * 0.01),
  );
  const overBlocks = blockBootstrap(blocks, meanOf, { ...options, rng: createRng(7) })!;
  const overValues = bootstrap(blocks.flat(), meanOf, { ...options, rng: createRng(7) })!;
  expect(overBlocks).toMatchObject({ units: 6, method: "percentile bootstrap over blocks" });
  expect(overBlocks.high - overBlocks.low).toBeGreaterThan(4 * (overValues.high - overValues.low));
});

test("neighbouring runs widen the interval of an autocorrelated series", () => {
  const series = Array.from({ length: 400 }, (_, index) => Math.sin(index / 20));
  const rng = createRng(3);
  const runs = circularBlockBootstrap(series, meanOf, { ...options, rng, blockLength: 40 })!;
  const single = bootstrap(series, meanOf, { ...options, rng })!;
  expect(runs.high - runs.low).toBeGreaterThan(2 * (single.high - single.low));
  expect(circularBlockBootstrap([1, 2, 3], meanOf, { ...options, rng, blockLength: 2 })).toBeNull();
});

test("too little data, an undefined statistic and impossible options give no interval", () => {
  const rng = createRng(1);
  expect(bootstrap([1], meanOf, { ...options, rng })).toBeNull();
  expect(blockBootstrap([[1, 2, 3], []], meanOf, { ...options, rng })).toBeNull();
  expect(bootstrap([1, 2, 3], () => Number.NaN, { ...options, rng })).toBeNull();
  const perNonZero = (values: readonly number[]) => 1 / Math.max(0, ...values) - 0;
  expect(bootstrap([0, 0, 0, 1], perNonZero, { ...options, rng })).toBeNull();
  expect(() => bootstrap([1, 2], meanOf, { ...options, rng, confidence: 95 })).toThrow(
    "confidence must lie in 0..1",
  );
});

test("equal values give an interval without width, and limits never leave the data", () => {
  expect(bootstrap([2, 2, 2], meanOf, { ...options, rng: createRng(1), method: "bca" })).toMatchObject({
    estimate: 2,
    low: 2,
    high: 2,
  });
  const finite = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(fc.array(finite, { minLength: 2, maxLength: 30 }), fc.integer(), (values, seed) => {
      const rng = createRng(seed);
      const interval = bootstrap(values, meanOf, { ...options, resamples: 50, rng, method: "bca" })!;
      expect(interval.low).toBeLessThanOrEqual(interval.high);
      expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
      expect(interval.high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
    }),
  );
});
