import * as fc from "fast-check";
import { expect, test } from "vitest";
import { allPassChance, allPassChances, isPassed } from "../../bench/statistics/pass-hat-k.ts";

test("pass^k is the share of k-subsets of the trials that only hold successes", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(), (trials, draw) => {
      const k = (draw % trials.length) + 1;
      const subsets = Array.from({ length: 2 ** trials.length }, (_, bits) =>
        trials.filter((_trial, index) => (bits >> index) % 2 === 1),
      ).filter((subset) => subset.length === k);
      const won = subsets.filter((subset) => subset.every(Boolean)).length;
      const passes = trials.filter(Boolean).length;
      const task = { passes, trials: trials.length };
      expect(allPassChance({ ...task, k })).toBeCloseTo(won / subsets.length, 12);
      expect(allPassChances(task)[k - 1]).toBe(allPassChance({ ...task, k }));
    }),
  );
});

test("a reward that is 1 but for the error of a product of floats has passed", () => {
  expect([1, 1 - 1e-9, 1 + 1e-9, 0.999, 1.001, 0].map(isPassed)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
