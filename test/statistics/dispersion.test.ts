import { expect, test } from "vitest";
import { gapVariation, indexOfDispersion } from "../../bench/statistics/dispersion.ts";
import { createRng, exponential, gamma } from "../../bench/statistics/rng.ts";

/** Event times with the given gaps. */
const arrivals = (count: number, gap: (index: number) => number) => {
  let now = 0;
  return Array.from({ length: count }, (_, index) => (now += gap(index)));
};
const dispersion = (times: readonly number[], window: number) =>
  indexOfDispersion(times, { start: 0, end: times.at(-1)!, window })!;

test("constant arrivals scatter 0, Poisson arrivals 1", () => {
  const constant = arrivals(10_000, () => 1);
  expect(gapVariation(constant)).toBe(0);
  expect(dispersion(constant, 10)).toBeLessThan(0.01);
  const rng = createRng(11);
  const poisson = arrivals(40_000, () => exponential(rng, 1));
  expect(gapVariation(poisson)).toBeCloseTo(1, 1);
  expect(Math.abs(dispersion(poisson, 10) - 1)).toBeLessThan(0.15);
});

test("gamma arrivals of shape 4 scatter less, of shape 1/4 more, as theory says", () => {
  const rng = createRng(12);
  expect(gapVariation(arrivals(40_000, () => gamma(rng, { shape: 4, mean: 2 })))).toBeCloseTo(0.5, 1);
  expect(gapVariation(arrivals(40_000, () => gamma(rng, { shape: 0.25, mean: 2 })))! / 2).toBeCloseTo(1, 1);
});

test("the defect of a peer is seen: several workers that draw the same gaps are bursts, not Poisson", () => {
  const workers = 10;
  const single = createRng(13);
  const shared = arrivals(4000, () => exponential(single, workers));
  const together = shared.flatMap((time) =>
    Array.from({ length: workers }, (_, worker) => time + worker * 1e-6),
  );
  expect(dispersion(together, 10)).toBeGreaterThan(4);
  expect(gapVariation(together)).toBeGreaterThan(2);
});

test("the defect of another peer is seen: a constant rate drawn with exponential gaps is not constant", () => {
  const rng = createRng(14);
  expect(gapVariation(arrivals(2000, () => exponential(rng, 1)))).toBeGreaterThan(0.9);
});

test("too few events say nothing", () => {
  expect(gapVariation([1, 2])).toBeNull();
  expect(indexOfDispersion([1, 2], { start: 0, end: 10, window: 6 })).toBeNull();
  expect(indexOfDispersion([], { start: 0, end: 10, window: 1 })).toBeNull();
});
