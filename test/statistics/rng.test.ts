import * as fc from "fast-check";
import { expect, test } from "vitest";
import { meanOf, standardDeviation } from "../../bench/statistics/distribution.ts";
import {
  below,
  createRng,
  exponential,
  gamma,
  normal,
  type Rng,
  shuffled,
} from "../../bench/statistics/rng.ts";

const draws = (count: number, draw: (rng: Rng) => number, seed = 1) => {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => draw(rng));
};

test("a seed decides everything, and neighbouring or large seeds are unrelated", () => {
  const uniform = (seed: number) => draws(5, (rng) => rng.next(), seed);
  expect(uniform(1)).toEqual(uniform(1));
  const firsts = [0, 1, 2, -1, 2 ** 32 + 1, 2 ** 40].map((seed) => uniform(seed)[0]);
  expect(new Set(firsts).size).toBe(firsts.length);
});

test("draws have the moments of their distributions", () => {
  const moments = (values: readonly number[]) => [meanOf(values), standardDeviation(values)];
  const near = (tolerance: number) => (value: number) => expect.closeTo(value, tolerance);
  expect(moments(draws(100_000, (rng) => rng.next()))).toEqual([0.5, Math.sqrt(1 / 12)].map(near(2)));
  expect(moments(draws(100_000, normal))).toEqual([0, 1].map(near(1)));
  expect(moments(draws(100_000, (rng) => exponential(rng, 3)))).toEqual([3, 3].map(near(1)));
  expect(moments(draws(100_000, (rng) => gamma(rng, { shape: 4, mean: 2 })))).toEqual([2, 1].map(near(1)));
  expect(moments(draws(100_000, (rng) => gamma(rng, { shape: 0.5, mean: 1 })))).toEqual(
    [1, Math.SQRT2].map(near(1)),
  );
});

test("integers below a bound are even and never reach it", () => {
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (const value of draws(70_000, (rng) => below(rng, 7))) counts[value] = (counts[value] ?? 0) + 1;
  expect(counts).toHaveLength(7);
  // Six sigma of a binomial with p = 1/7.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * Math.sqrt(10_000 * (6 / 7)));
});

test("shuffling keeps the items and the input", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
      const copy = [...items];
      const result = shuffled(createRng(seed), items);
      expect(result.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
      expect(items).toEqual(copy);
    }),
  );
});
