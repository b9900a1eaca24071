import { expect, test } from "vitest";
import { baselineFloors } from "../../../bench/analysis/overhead/floor.ts";
import { measuredCell } from "../measured-cell-builder.ts";

/** The arm's cell of a repetition, whose requests take so long between the taps. */
const repeated = (arm: string, repetition: number, pathMs: number) => {
  const cell = measuredCell(arm, { pathMs });
  const cellId = `c1-r${repetition}-${arm}`;
  return {
    ...cell,
    summary: { ...cell.summary, repetition, cellId },
    episodes: cell.episodes.map((episode) => ({ ...episode, cellId, repetition })),
  };
};

test("the baseline's second repetition minus its first, the fourth minus the third; an odd one is left", () => {
  const cells = [0, 1, 2, 3, 4].flatMap((repetition) => [
    repeated("gateway", repetition, 9),
    repeated("raw", repetition, 1 + repetition * repetition),
  ]);
  const [floor, ...more] = baselineFloors(cells.toReversed(), undefined);
  expect(more).toEqual([]);
  expect(floor?.pairs).toEqual([
    { earlier: "c1-r0-raw", later: "c1-r1-raw" },
    { earlier: "c1-r2-raw", later: "c1-r3-raw" },
  ]);
  // (2 - 1) and (10 - 5), six tasks each.
  expect(floor?.pathMs.whole.difference).toMatchObject({ value: expect.closeTo(3, 6), count: 12 });
  expect(floor).toMatchObject({ load: "closed:1", arm: "raw", refused: null });
});

test("three pairs and more are the units, as they are of an arm", () => {
  const cells = [0, 1, 2, 3, 4, 5].map((repetition) => repeated("raw", repetition, 1));
  const [floor] = baselineFloors(cells, undefined);
  expect(floor?.pathMs.whole).toMatchObject({ unit: "cell pairs", cellPairs: 3, finding: "cannot-tell" });
});

test("one repetition has nothing to be compared with, and a cell that cannot be used gives no floor", () => {
  expect(baselineFloors([repeated("raw", 0, 1), repeated("gateway", 1, 1)], undefined)).toEqual([]);
  const died = repeated("raw", 1, 1);
  const broken = { ...died, summary: { ...died.summary, verdict: "engine-died" as const } };
  const [floor] = baselineFloors([repeated("raw", 0, 1), broken], undefined);
  expect(floor?.refused).toContain("is engine-died");
  expect(floor?.pathMs.whole.difference.value).toBeNull();
});
