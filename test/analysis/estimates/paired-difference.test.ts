import { expect, test } from "vitest";
import {
  differenceOf,
  episodeValue,
  pairUp,
  type Pair,
} from "../../../bench/analysis/estimates/paired-difference.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

/** `difference` more in the target, a little noise from task to task, over so many tasks in each repetition. */
const pairs = (tasks: number, repetitions: number, difference = 1): readonly Pair[] =>
  Array.from({ length: tasks * repetitions }, (_, at) => {
    const [task, repetition] = [at % tasks, Math.floor(at / tasks)];
    const base = 10 + task;
    return {
      task: `t${task}`,
      repetition,
      base,
      target: base + difference + (task % 3) / 10 + repetition / 100,
    };
  });

test("pairs are the same task, trial and repetition; what one side lacks is left out", () => {
  const cell = plannedCell("raw", 3);
  const value = (index: number, changes: { readonly trial?: number; readonly repetition?: number } = {}) =>
    episodeValue(buildEpisode(cell, index, changes), index);
  const found = pairUp(
    [value(0), value(1), value(2, { trial: 1 })],
    [value(1), value(0, { repetition: 1 }), value(2)],
  );
  expect(found.map(({ base, target }) => [base, target])).toEqual([[1, 1]]);
});

test("counts and few repetitions are judged over tasks; times of three pairs of cells over these", () => {
  expect(differenceOf(pairs(6, 3), { kind: "counts" })).toMatchObject({
    unit: "tasks",
    tasks: 6,
    cellPairs: 3,
  });
  expect(differenceOf(pairs(6, 2), { kind: "path" }).unit).toBe("tasks");
  expect(differenceOf(pairs(6, 3), { kind: "path" }).unit).toBe("cell pairs");
});

test("a finding needs five tasks, and a length of episodes three pairs of cells as well", () => {
  expect(differenceOf(pairs(5, 1), { kind: "path" }).finding).toBe("more");
  expect(differenceOf(pairs(5, 1, -2), { kind: "path" }).finding).toBe("less");
  expect(differenceOf(pairs(4, 1), { kind: "path" }).finding).toBe("cannot-tell");
  expect(differenceOf(pairs(9, 2), { kind: "time" }).finding).toBe("cannot-tell");
  expect(differenceOf(pairs(9, 3), { kind: "time" }).finding).toBe("more");
});

test("an interval that holds zero tells nothing", () => {
  const even = pairs(6, 1).map((pair, at) => ({ ...pair, target: pair.base + (at % 2 === 0 ? 1 : -1) }));
  expect(differenceOf(even, { kind: "path" }).finding).toBe("cannot-tell");
});

test("the margin is a function of the baseline's mean, and says how long would tell", () => {
  const margin = (share: number) => ({ margin: (mean: number) => share * mean, unitSeconds: () => 30 });
  const found = (share: number) => differenceOf(pairs(6, 1), { kind: "path", ...margin(share) }).margin;
  expect(found(0.5)).toMatchObject({ verdict: "inside", moreUnits: null, moreSeconds: null });
  expect(found(0.01)).toMatchObject({ verdict: "outside" });
  const open = found(1.1 / 12.5);
  expect(open).toMatchObject({ verdict: "cannot-tell", limit: expect.closeTo(1.1, 9) });
  const scattered = pairs(6, 1).map((pair, at) => ({ ...pair, target: pair.target + (at % 2) }));
  const more = differenceOf(scattered, { kind: "path", margin: () => 2, unitSeconds: () => 30 }).margin;
  expect(more?.verdict).toBe("cannot-tell");
  expect(more?.moreSeconds).toBe(30 * (more?.moreUnits ?? Number.NaN));
});

test("too few tasks decide no margin, and more of the same would not either", () => {
  const options = { kind: "path", margin: () => 100 } as const;
  expect(differenceOf(pairs(3, 1), options).margin).toEqual({
    limit: 100,
    verdict: "cannot-tell",
    moreUnits: null,
    moreSeconds: null,
  });
});

test("nothing to pair is no difference at all", () => {
  expect(differenceOf([], { kind: "time", margin: () => 1 })).toEqual({
    difference: { value: null, count: 0, low: null, high: null },
    unit: "tasks",
    tasks: 0,
    cellPairs: 0,
    baselineMean: null,
    armMean: null,
    finding: "cannot-tell",
    signedRankP: null,
    margin: null,
  });
});
