import { expect, test } from "vitest";
import { axisReport } from "../../../bench/analysis/scores/axis-report.ts";
import { axisTables } from "../../../bench/report/tables/axis-tables.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const planned = plannedCell("raw", 40);
const axes = [
  { name: "length", heading: "length", meaning: "tokens of the prompt" },
  { name: "depth", heading: "depth", meaning: "where the needle lies" },
  { name: "kind", heading: "kind", meaning: "what is asked" },
];
const summary = { cellId: planned.cellId, arm: "raw", load: "closed:1", reasons: [] };
const scores = {
  averaged: "tasks" as const,
  outOf: 1 as const,
  names: [{ name: "found", heading: "found", meaning: "the needle was named" }],
};

/** [length, depth, kind, passed] */
type Placed = readonly [number, number | null, string, boolean | null];

const episodesOf = (placed: readonly Placed[]): readonly EpisodeRecord[] =>
  placed.map(([length, depth, kind, passed], at) =>
    buildEpisode(planned, at, {
      taskId: `t${at}`,
      axes: { length, kind, ...(depth !== null && { depth }) },
      reward: passed === null ? null : Number(passed),
      ...(passed === null
        ? { status: "failed", failure: { class: "engine", message: "no" } }
        : { scores: [{ name: "found", value: Number(passed), passed }] }),
    }),
  );

const placed: readonly Placed[] = [
  [32_768, 0, "needle", false],
  [8192, 0.5, "needle", true],
  [8192, 0, "needle", true],
  [32_768, 0.5, "needle", true],
  [8192, null, "documents", false],
  [32_768, null, "documents", null],
];
const reportOf = (of: readonly Placed[], more: object = {}) =>
  axisReport({ axes, scores }, [{ summary: { ...summary, ...more }, latencies: new Map() }], episodesOf(of));

test("tasks at each place of an axis, numbers by size, with an interval over tasks", () => {
  const [cell] = reportOf(placed)?.cells ?? [];
  expect(
    cell?.rows.map(({ axis, value, tasks, passed, judged }) => [axis, value, tasks, passed, judged]),
  ).toEqual([
    ["length", 8192, 3, 2, 3],
    ["length", 32_768, 3, 1, 2],
    ["depth", 0, 2, 1, 2],
    ["depth", 0.5, 2, 2, 2],
    ["kind", "documents", 2, 0, 1],
    ["kind", "needle", 4, 3, 4],
  ]);
  const needle = cell?.rows.find(({ value }) => value === "needle");
  expect(needle?.passRate.value).toBe(0.75);
  // Wilson's for 3 of 4
  expect(needle?.passRate.low).toBeCloseTo(0.3006, 3);
  expect(needle?.passRate.high).toBeCloseTo(0.9544, 3);
});

test("the grid of two axes has what stands on both, and no place that nobody was asked at", () => {
  const [cell] = reportOf(placed.slice(1))?.cells ?? [];
  expect(cell?.grids).toHaveLength(1);
  expect(cell?.grids[0]?.places.map(({ x, y, tasks, passRate }) => [x, y, tasks, passRate.value])).toEqual([
    [8192, 0, 1, 1],
    [8192, 0.5, 1, 1],
    [32_768, 0.5, 1, 1],
  ]);
});

test("no axes, no report; a cell that is failing has counts and no rate", () => {
  expect(axisReport({}, [{ summary, latencies: new Map() }], episodesOf(placed))).toBeNull();
  const failing = reportOf(placed, { reasons: [{ verdict: "failing", detail: "many" }] });
  expect(failing?.cells[0]?.rows.every(({ passRate }) => passRate.value === null)).toBe(true);
  expect(
    failing?.cells[0]?.grids.every(({ places }) => places.every((one) => one.passRate.value === null)),
  ).toBe(true);
});

test("a table for each axis, whose rows say that they are of a part where they are", () => {
  const coverage = { of: "tasks", scored: 5, selected: 6, total: 48, text: "5/48, partial" };
  const report = reportOf(placed, { coverage });
  if (report === null) throw new Error("no report");
  const tables = axisTables(report, scores);
  expect(tables.map(({ title }) => title)).toEqual(["Scores by length", "Scores by depth", "Scores by kind"]);
  expect(tables[0]?.columns.map(({ head }) => head)).toEqual([
    "length",
    "cell",
    "tasks",
    "ep",
    "passed",
    "rate",
    "found",
    "TTFT p50\nms",
    "s/ep",
    "coverage",
  ]);
  expect(tables[0]?.rows.map((row) => row.at(-1))).toEqual(["3, partial", "3, partial"]);
  const whole = axisTables(reportOf(placed) ?? report, undefined);
  expect(whole[0]?.columns.some(({ head }) => head === "coverage")).toBe(false);
});
