import { expect, test } from "vitest";
import type { MeasuredCell } from "../../../bench/analysis/measured-cell.ts";
import { baselineFloors } from "../../../bench/analysis/overhead/floor.ts";
import { compareArms } from "../../../bench/analysis/overhead/overhead.ts";
import { variantReport } from "../../../bench/analysis/variants/variant-report.ts";
import { measuredCell } from "../measured-cell-builder.ts";

interface Made {
  readonly variant: string;
  readonly arm?: string;
  readonly repetition?: number;
  readonly pathMs?: number;
  /** Time to first token of the k-th episode's requests. */
  readonly ttftMs?: (index: number) => number;
  readonly passes?: (index: number) => boolean;
  readonly engine?: string;
  readonly summary?: Partial<MeasuredCell["summary"]>;
}

/** A cell of six tasks in a variant. */
function cell({ variant, arm = "raw", repetition = 0, ...made }: Made): MeasuredCell {
  const built = measuredCell(arm, { pathMs: made.pathMs ?? 1 });
  const cellId = `c1-r${repetition}-${variant}--${arm}`;
  const episodes = built.episodes.map((episode, index) => {
    const reward = made.passes === undefined || made.passes(index) ? 1 : 0;
    return { ...episode, cellId, repetition, variant, reward };
  });
  const latencies = new Map(
    episodes.map(({ episodeId }, index) => {
      const ttft = Array.from({ length: 10 }, () => made.ttftMs?.(index) ?? 10);
      return [episodeId, { ttft, itl: [], e2e: [] }] as const;
    }),
  );
  const summary = { ...built.summary, cellId, repetition, variant, ...made.summary };
  return {
    ...built,
    episodes,
    latencies,
    summary: { ...summary, agentEngineIdentity: made.engine ?? `engine of ${variant}` },
  };
}

const resolved = { sweep: { variants: { base: {}, fp8: { quantization: "fp8" }, slow: { tp: 1 } } } };
const run = { resolved, scores: undefined };

test("a run without variants has no such report", () => {
  expect(variantReport({ resolved: { sweep: {} }, scores: undefined }, [])).toBeNull();
});

test("each variant is held against the first, task by task, in each arm", () => {
  const cells = ["raw", "gateway"].flatMap((arm) => [
    // Tasks differ more than variants: only pairs show the difference.
    cell({ variant: "base", arm, ttftMs: (index) => 100 * index }),
    cell({ variant: "fp8", arm, ttftMs: (index) => 100 * index + 7, passes: (index) => index !== 2 }),
    cell({ variant: "slow", arm, ttftMs: (index) => 100 * index }),
  ]);
  const report = variantReport(run, cells);
  expect(report).toMatchObject({ baseline: "base" });
  expect(report?.variants[1]).toEqual({ name: "fp8", changes: { quantization: "fp8" } });
  expect(report?.comparisons.map(({ variant, arm, load, refused }) => [variant, arm, load, refused])).toEqual(
    [
      ["fp8", "raw", "closed:1", null],
      ["slow", "raw", "closed:1", null],
      ["fp8", "gateway", "closed:1", null],
      ["slow", "gateway", "closed:1", null],
    ],
  );
  const [fp8, slow] = report?.comparisons ?? [];
  const of = (name: string, comparison = fp8) =>
    comparison?.quantities.find(({ quantity }) => quantity === name);
  expect(of("reward")).toMatchObject({
    baselineValue: 1,
    value: expect.closeTo(5 / 6, 9),
    difference: { value: expect.closeTo(-1 / 6, 9), low: expect.any(Number), high: expect.any(Number) },
    relative: { value: expect.closeTo(-1 / 6, 9) },
    units: 6,
  });
  expect(of("ttft_p50")?.difference).toMatchObject({
    value: expect.closeTo(7, 6),
    low: expect.closeTo(7, 6),
  });
  expect(of("ttft_p50", slow)?.difference).toMatchObject({ value: 0, low: 0, high: 0 });
});

test("a score says what of the workload's data its pairs are of, and a time does not", () => {
  const cells = [cell({ variant: "base" }), cell({ variant: "fp8" })];
  const coverage = { of: "problems", selected: 6, total: 20, excluded: [] };
  const quantities = variantReport({ ...run, coverage }, cells)?.comparisons[0]?.quantities ?? [];
  expect(quantities.flatMap(({ quantity, coverage: text }) => (text ? [[quantity, text]] : []))).toEqual([
    ["reward", "6/20, partial"],
  ]);
});

test("a rate has an interval from two repetitions on, and each is paired with its own", () => {
  const paced = (variant: string, repetition: number, value: number) => {
    const built = cell({ variant, repetition });
    const episodesPerMinute = { value, count: 6, low: null, high: null };
    return { ...built, summary: { ...built.summary, rates: { ...built.summary.rates, episodesPerMinute } } };
  };
  const difference = (cells: readonly MeasuredCell[]) =>
    variantReport(run, cells)?.comparisons[0]?.quantities.find(
      ({ quantity }) => quantity === "episodes_per_min",
    );
  const once = [paced("base", 0, 10), paced("fp8", 0, 12)];
  expect(difference(once)).toMatchObject({ difference: { value: 2, low: null, high: null }, units: 1 });
  const twice = difference([...once, paced("base", 1, 20), paced("fp8", 1, 22.5)]);
  expect(twice).toMatchObject({ difference: { value: 2.25, low: expect.any(Number) }, units: 2 });
});

test.each<[string, Partial<MeasuredCell["summary"]>, string]>([
  ["has no whole segment", { seconds: null }, "no segment that ran to its end"],
  ["fails", { reasons: [{ verdict: "failing", detail: "half failed" }] }, "is failing"],
  ["was altered", { reasons: [{ verdict: "answer-altered", detail: "cut" }] }, "is answer-altered"],
])("no number is stated of a variant whose cell %s", (_, summary, why) => {
  const cells = [cell({ variant: "base" }), cell({ variant: "fp8", summary })];
  const [found] = variantReport(run, cells)?.comparisons ?? [];
  expect(found?.refused).toContain(why);
  expect(found?.quantities).toEqual([]);
});

test("a variant that was never measured is said, and is no zero", () => {
  const comparisons = variantReport(run, [cell({ variant: "base" })])?.comparisons;
  expect(comparisons?.map(({ refused }) => refused)).toEqual([
    "one of the two has no cell in this arm at this load",
    "one of the two has no cell in this arm at this load",
  ]);
});

test("arms are compared within a variant and never across, and its engine may be started between repetitions", () => {
  const cells = [0, 1].flatMap((repetition) =>
    ["base", "fp8"].flatMap((variant) => {
      const engine = `${variant} ${repetition}`;
      const pathMs = variant === "base" ? 1 : 50;
      return [
        cell({ variant, repetition, engine, pathMs }),
        cell({ variant, repetition, engine, arm: "gateway", pathMs: pathMs + 3 }),
      ];
    }),
  );
  const found = compareArms(cells, undefined);
  expect(found.map(({ variant, refused }) => [variant, refused])).toEqual([
    ["base", null],
    ["fp8", null],
  ]);
  for (const { pathMs } of found)
    expect(pathMs.whole.difference).toMatchObject({ value: expect.closeTo(3, 6), count: 12 });
  // The baseline against itself needs one process in both.
  expect(baselineFloors(cells, undefined).map(({ variant, refused }) => [variant, refused])).toEqual([
    ["base", expect.stringContaining("different engines")],
    ["fp8", expect.stringContaining("different engines")],
  ]);
  const moved = cells.map((one) =>
    one.summary.arm === "raw" ? one : { ...one, summary: { ...one.summary, agentEngineIdentity: "other" } },
  );
  for (const { refused } of compareArms(moved, undefined)) expect(refused).toContain("different engines");
});
