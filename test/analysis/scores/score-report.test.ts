import { expect, test } from "vitest";
import { scoreReport, type ScoreReport } from "../../../bench/analysis/scores/score-report.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 20);
const names = {
  averaged: "groups" as const,
  outOf: 100 as const,
  names: [
    { name: "grade", heading: "score", meaning: "what it is worth" },
    { name: "form", heading: "form", meaning: "how it looks" },
  ],
};
const valid = { cellId: cell.cellId, arm: "raw", load: "closed:1", reasons: [] };

/** [group, task, trial, grade, form] */
type Graded = readonly [string, string, number, number | null, (number | null)?];

function graded(of: readonly Graded[]): readonly EpisodeRecord[] {
  return of.map(([domain, taskId, trial, grade, form = null], at) =>
    buildEpisode(cell, at, {
      domain,
      taskId,
      trial,
      reward: grade,
      ...(grade === null
        ? { status: "failed", failure: { class: "engine", message: "no" } }
        : {
            scores: [
              { name: "grade", value: grade, passed: grade >= 0.6 },
              { name: "form", value: form, passed: null },
            ],
          }),
    }),
  );
}

function reportOf(
  episodes: readonly EpisodeRecord[],
  changed: { readonly averaged?: "tasks" | "groups"; readonly reasons?: ScoreReport["cells"] } = {},
): ScoreReport {
  const report = scoreReport({ ...names, ...changed }, [{ summary: valid, latencies: new Map() }], episodes);
  if (report === null) throw new Error("no report");
  return report;
}

const rowOf = (report: ScoreReport, group: string | null, task: string | null) =>
  report.cells[0]?.rows.find((row) => row.group === group && row.task === task);

const three: readonly Graded[] = [
  ["files", "a", 0, 0.9, 1],
  ["files", "a", 1, 0.7, 1],
  ["files", "b", 0, 0.5, null],
  ["files", "b", 1, 0.5, 0.5],
  ["mail", "c", 0, 0.1, 0],
  ["mail", "c", 1, 0.3, 0],
];

test("groups count alike, or tasks do, as the workload says", () => {
  const groups = rowOf(reportOf(graded(three)), null, null);
  // files: (0.8 + 0.5) / 2 = 0.65; mail: 0.2
  expect(groups?.scores["grade"]?.value).toBeCloseTo(0.425, 12);
  const tasks = rowOf(reportOf(graded(three), { averaged: "tasks" }), null, null);
  expect(tasks?.scores["grade"]?.value).toBeCloseTo(0.5, 12);
  expect([tasks?.tasks, tasks?.episodes, tasks?.judged, tasks?.passed]).toEqual([3, 6, 6, 2]);
});

test("each group and task has its own row, with an interval over its trials", () => {
  const report = reportOf(graded(three));
  expect(report.cells[0]?.rows.map(({ group, task }) => [group, task])).toEqual([
    [null, null],
    ["files", null],
    ["files", "a"],
    ["files", "b"],
    ["mail", null],
    ["mail", "c"],
  ]);
  const a = rowOf(report, "files", "a")?.scores["grade"];
  // s = 0.14142, half = 12.706 x 0.14142 / sqrt(2) = 1.27: further than there are scores
  expect(a).toMatchObject({ count: 2, low: 0, high: 1 });
  expect(rowOf(report, "files", "b")?.scores["grade"]).toEqual({ value: 0.5, count: 2, low: 0.5, high: 0.5 });
});

test("an episode without a score is in no mean, and one trial has no interval", () => {
  const report = reportOf(graded([...three, ["mail", "d", 0, null], ["files", "e", 0, 0.4, 1]]));
  expect(rowOf(report, "mail", "d")).toMatchObject({
    episodes: 1,
    judged: 0,
    scores: { grade: { value: null, count: 0 } },
    tokensPerPassed: null,
  });
  expect(rowOf(report, "mail", null)?.scores["grade"]?.value).toBeCloseTo(0.2, 12);
  expect(rowOf(report, null, null)?.scores["grade"]).toMatchObject({ count: 7, low: null, high: null });
  // A part that is missing once is in no mean either: (1 + 0.5 + 1) / 3
  expect(rowOf(report, "files", null)?.scores["form"]).toMatchObject({ count: 4, low: null });
  expect(rowOf(report, "files", null)?.scores["form"]?.value).toBeCloseTo(2.5 / 3, 12);
});

test("all tokens and seconds are held against the episodes that passed", () => {
  const all = rowOf(reportOf(graded(three)), null, null);
  expect(all).toMatchObject({ tokensPerEpisode: 330, tokensPerPassed: 990, ttftMsP50: null });
  expect(all?.secondsPerPassed).toBeCloseTo(2.7, 9);
});

test("a failing cell has no score, and a workload that names none has no report", () => {
  const reasons = [{ verdict: "failing" as const, detail: "half of them" }];
  const failing = scoreReport(
    names,
    [{ summary: { ...valid, reasons }, latencies: new Map() }],
    graded(three),
  );
  expect(failing?.cells[0]).toMatchObject({ failing: true });
  expect(failing?.cells[0]?.rows[0]?.scores["grade"]).toEqual({
    value: null,
    count: 6,
    low: null,
    high: null,
  });
  expect(scoreReport(undefined, [], graded(three))).toBeNull();
});
