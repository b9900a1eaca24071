import * as fc from "fast-check";
import { expect, test } from "vitest";
import { passHatK, passRate } from "../../../bench/analysis/estimates/pass-rate.ts";
import { isPassed } from "../../../bench/statistics/pass-hat-k.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 1);
/** One record per reward, trials of tasks by their lists. */
const records = (tasks: readonly (readonly (number | null)[])[]) =>
  tasks.flatMap((rewards, task) =>
    rewards.map((reward, trial) => buildEpisode(cell, task, { reward, trial, taskId: String(task) })),
  );

test("a product of floats that is 1 but for rounding has passed, almost 1 has not", () => {
  expect([1, 1 - 1e-9, 0.999, 0].map((reward) => isPassed(reward))).toEqual([true, true, false, false]);
});

test("the pass rate is over judged episodes, with an interval that never leaves 0..1", () => {
  expect(passRate(records([[1], [0], [null]]))).toMatchObject({ value: 0.5, count: 2 });
  const { low, high } = passRate(records(Array.from({ length: 12 }, () => [1])));
  expect(low).toBeGreaterThan(0.7);
  expect(low).toBeLessThan(1);
  expect(high).toBe(1);
  expect(passRate(records([[null]]))).toEqual({ value: null, count: 0, low: null, high: null });
});

test("pass^k is the share of ways to draw k trials of a task that all passed", () => {
  const share = (passed: readonly boolean[], k: number): number => {
    const draws = (from: readonly boolean[], left: number): boolean[][] =>
      left === 0
        ? [[]]
        : from.flatMap((first, at) => draws(from.slice(at + 1), left - 1).map((rest) => [first, ...rest]));
    const all = draws(passed, k);
    return all.filter((drawn) => drawn.every(Boolean)).length / all.length;
  };
  const tasks = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(tasks, (passed) => {
      const found = passHatK(records(passed.map((trials) => trials.map(Number))));
      expect(found).toHaveLength(Math.max(...passed.map((trials) => trials.length)));
      for (const { k, value, tasks: counted } of found) {
        const eligible = passed.filter((trials) => trials.length >= k);
        expect(counted).toBe(eligible.length);
        const mean = eligible.reduce((sum, trials) => sum + share(trials, k), 0) / eligible.length;
        expect(value).toBeCloseTo(mean, 12);
      }
    }),
  );
});

test("trials that were not judged make a task smaller, not worse", () => {
  expect(
    passHatK(
      records([
        [1, null],
        [1, 1],
      ]),
    ).map(({ k, value, tasks }) => [k, value, tasks]),
  ).toEqual([
    [1, 1, 2],
    [2, 1, 1],
  ]);
});
