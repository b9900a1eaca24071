import { expect, test } from "vitest";
import { capacityAnswer } from "../../../bench/analysis/capacity/capacity-answer.ts";
import type { ObservedCell } from "../../../bench/analysis/slo/observed-cell.ts";
import { capacitySettings } from "../../../bench/config/capacity-schema.ts";
import { sloOf, type SloSpec } from "../../../bench/config/slo-schema.ts";
import { cellOfTimes, outcomes } from "../slo/observed-builder.ts";

const settings = { ...capacitySettings(undefined), repetitions: 3, to: 64 };
const [met, missed] = [50, 150];
/** Its p95 is the limit. */
const open = 91.3;

/** All repetitions at a load, whose times are these and a little more. */
function load(
  concurrency: number,
  middle: number,
  changes: Partial<ObservedCell> = {},
): readonly ObservedCell[] {
  const times = Array.from({ length: 200 }, (_, index) => middle * (1 + index / 2000));
  return [1, 2, 3].map((repetition) => cellOfTimes(times, { concurrency, repetition, ...changes }));
}

function answer(
  cells: readonly ObservedCell[],
  spec: SloSpec = { ttft_p95: "100ms" },
  gpus: number | null = null,
) {
  const slo = sloOf(spec);
  if (slo === null) throw new Error("no limits");
  return capacityAnswer({ cells, slo, settings, gpus });
}

test.each([
  { title: "both ends", cells: [...load(24, met), ...load(29, missed)], range: [24, 28] },
  { title: "neighbours", cells: [...load(24, met), ...load(25, missed)], range: [24, 24] },
  {
    title: "a load between that cannot tell",
    cells: [...load(24, met), ...load(26, open), ...load(29, missed)],
    range: [24, 28],
  },
  { title: "nothing too many", cells: load(64, met), range: [64, null] },
  { title: "the smallest is too many", cells: load(1, missed), range: [0, 0] },
  { title: "nothing shown to hold", cells: [...load(1, open), ...load(4, missed)], range: [null, 3] },
  { title: "nothing shown at all", cells: load(4, open), range: [null, null] },
  {
    title: "a load that holds above one that does not",
    cells: [...load(8, met), ...load(16, missed), ...load(20, met), ...load(32, missed)],
    range: [8, 31],
  },
])("$title: $range", ({ cells, range }) => {
  const [arm] = answer(cells).arms;
  expect([arm?.low, arm?.high]).toEqual(range);
});

test("a single cell, and too few repetitions, decide nothing", () => {
  const first = cellOfTimes([], { concurrency: 30, repetition: 0, spoiled: "failing: all of them" });
  const cells = [...load(24, met), first, ...load(28, missed).slice(0, 2)];
  const [arm] = answer(cells).arms;
  expect(arm).toMatchObject({ low: 24, high: null });
  expect(arm?.loads.map(({ agents, decided }) => [agents, decided])).toEqual([
    [24, true],
    [28, false],
    [30, false],
  ]);
});

test("a load whose episodes fail is too much", () => {
  const [arm] = answer([...load(4, met), ...load(8, met, { spoiled: "failing: 9 of 20" })]).arms;
  expect(arm).toMatchObject({ low: 4, high: 7 });
});

test("a loss of passed tasks that cannot be told is said, and one that is shown is too much", () => {
  const spec = { ttft_p95: "100ms", passRateDrop: "2%" };
  const base = { outcomes: outcomes(40, 0) };
  const cannotTell = [
    ...load(1, met, base),
    ...load(8, met, { outcomes: outcomes(40, 0) }),
    ...load(16, missed, base),
  ];
  expect(answer(cannotTell, spec).arms[0]).toMatchObject({ low: 8, high: 15, undecided: ["passRateDrop"] });
  const lost = [...load(1, met, base), ...load(8, met, { outcomes: outcomes(10, 30) })];
  expect(answer(lost, spec).arms[0]).toMatchObject({ low: 1, high: 7 });
});

test("arms whose ranges do not meet differ", () => {
  const gateway = { arm: "gateway", armKind: "gateway" };
  const raw = [...load(24, met), ...load(29, missed)];
  expect(answer([...raw, ...load(16, met, gateway), ...load(20, missed, gateway)]).fewer).toEqual([
    { arm: "gateway", than: "raw", low: 5, high: 12 },
  ]);
  expect(answer([...raw, ...load(22, met, gateway), ...load(26, missed, gateway)]).fewer).toEqual([]);
});

test("why an upper end may be the client's is said where there is one", () => {
  const doubt = "client-limited: the agent was busy 80 % of the time";
  expect(answer([...load(4, met), ...load(8, missed, { doubt })]).arms[0]?.doubt).toBe(doubt);
  expect(answer(load(4, met, { doubt })).arms[0]?.doubt).toBeNull();
});
