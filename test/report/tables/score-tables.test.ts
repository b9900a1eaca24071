import { expect, test } from "vitest";
import type { ScoreReport, ScoreRow } from "../../../bench/analysis/scores/score-report.ts";
import { renderTable } from "../../../bench/report/formats/terminal.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { scoreParts } from "../../../bench/report/screen/score-parts.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";
import { scoreTables, shownScore } from "../../../bench/report/tables/score-tables.ts";

function row(group: string | null, task: string | null, value: number | null): ScoreRow {
  const estimate = (of: number | null) => {
    return { value: of, count: 2, low: of === null ? null : of - 0.05, high: of === null ? null : of + 0.05 };
  };
  return {
    group,
    task,
    tasks: task === null ? 2 : 1,
    episodes: 4,
    scores: { agentbench: estimate(value), layer0: estimate(0.9), layer2: estimate(null) },
    judged: value === null ? 0 : 4,
    passed: value === null ? 0 : 3,
    ttftMsP50: 12.34,
    tokensPerEpisode: 1500,
    secondsPerEpisode: 3.2,
    tokensPerPassed: value === null ? null : 2000,
    secondsPerPassed: value === null ? null : 4.27,
  };
}

const cellOf = (arm: string, value: number | null) => ({
  cellId: `c4-r0-${arm}`,
  arm,
  load: "closed:4",
  failing: value === null,
  rows: [
    row(null, null, value),
    row("files", null, value),
    row("files", "tidy", value),
    row("mail", null, 0.25),
    row("mail", "answer", 0.25),
  ],
});

const report: ScoreReport = {
  averaged: "groups",
  outOf: 100,
  names: [
    { name: "agentbench", heading: "score", meaning: "all layers by their weights" },
    { name: "layer0", heading: "L0", meaning: "what the files are" },
    { name: "layer2", heading: "L2", meaning: "how the agent works" },
  ],
  cells: [cellOf("raw", 0.8125), cellOf("gateway", null)],
};

const [whole, byTask] = scoreTables(report);

test("a cell, its groups below it, and what a passed task cost beside the scores", () => {
  expect(whole?.columns.map(({ head }) => head.replace("\n", ""))).toEqual([
    "cell",
    "tasks",
    "ep",
    "score",
    "L0",
    "L2",
    "passed",
    "TTFT p50ms",
    "tokens/passed",
    "s/passed",
    "tokens/ep",
    "s/ep",
  ]);
  expect(whole?.rows[0]).toEqual([
    "c4-r0-raw",
    "2",
    "4",
    "81.3 [76.3, 86.3]",
    "90 [85, 95]",
    "-",
    "3/4",
    "12.3",
    "2000",
    "4.27",
    "1500",
    "3.20",
  ]);
  expect(whole?.rows.map(([name]) => name)).toEqual([
    "c4-r0-raw",
    "· files",
    "· mail",
    "c4-r0-gateway",
    "· files",
    "· mail",
  ]);
});

test("a cell that is failing has no score and says why; a score that nobody has is no zero", () => {
  expect(whole?.rows[3]?.slice(3)).toEqual(["-", "90 [85, 95]", "-", "-", "12.3", "-", "-", "1500", "3.20"]);
  expect(whole?.notes.at(-1)).toMatch(/^c4-r0-gateway: failing/);
  const alike = { ...report.cells[0], rows: [row(null, null, 0.5)] };
  const [first] = scoreTables({
    ...report,
    cells: [
      {
        ...cellOf("raw", 0.5),
        rows: alike.rows.map((one) => ({
          ...one,
          scores: { agentbench: { value: 0.5, count: 2, low: 0.5, high: 0.5 } },
        })),
      },
    ],
  });
  expect(first?.rows[0]?.[3]).toBe("50");
  const absent = scoreTables({
    ...report,
    cells: [{ ...cellOf("raw", 0.5), rows: [{ ...row(null, null, 0.5), scores: {} }] }],
  });
  expect(absent[0]?.rows[0]?.slice(3, 6)).toEqual(["-", "-", "-"]);
});

test("the cells of a task stand below each other, in the order of the tasks", () => {
  expect(byTask?.rows.map(([task, cell]) => [task, cell])).toEqual([
    ["files/tidy", "c4-r0-raw"],
    ["files/tidy", "c4-r0-gateway"],
    ["mail/answer", "c4-r0-raw"],
    ["mail/answer", "c4-r0-gateway"],
  ]);
});

test.each([
  [0.8125, 100, "81.3"],
  [1, 100, "100"],
  [0.7, 100, "70"],
  [0.9333, 1, "0.933"],
  [0.7, 1, "0.7"],
  [0, 1, "0"],
  [1, 1, "1"],
  [null, 100, "-"],
] as const)("%s of %s is %s", (value, outOf, text) => {
  expect(shownScore(value, outOf)).toBe(text);
});

test("tables and the last screen fit into a terminal of 80 columns", () => {
  for (const table of scoreTables(report)) {
    const wide = renderTable(table, 80)
      .split("\n")
      .filter((line) => line.length > 80);
    expect(wide).toEqual([]);
  }
  const lines = laidOut(scoreParts(report), 80).map((line) => lineText(line, false));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join("\n")).toContain("raw      4     81.3 [76.3, 86.3]");
  expect(scoreParts(undefined)).toEqual([]);
});

test("five scores of a part fit into 80 columns: what all rows are of stands once above them", () => {
  const names = ["completion", "calls", "parameters", "workflow", "recovery"];
  const estimate = { value: 0.863, count: 3, low: null, high: null };
  const partial = { of: "cases", scored: 3, selected: 3, total: 50, text: "3/50, partial" };
  const of = (arm: string, coverage = partial) => ({
    ...cellOf(arm, 0.8),
    coverage,
    rows: [{ ...row(null, null, 0.8), scores: Object.fromEntries(names.map((name) => [name, estimate])) }],
  });
  const linesOf = (cells: ScoreReport["cells"]) => {
    const many: ScoreReport = {
      averaged: "tasks",
      outOf: 1,
      names: names.map((name) => ({ name, heading: name, meaning: name })),
      cells,
    };
    return laidOut(scoreParts(many), 80).map((line) => lineText(line, false).trimEnd());
  };
  const lines = linesOf([of("raw"), of("gateway")]);
  expect(lines[0]).toBe("Scores of 1, coverage 3/50, partial (95 % over trials), with what a pass cost");
  expect(lines.slice(1, 4).map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
    "completion",
    "raw",
    "gateway",
  ]);
  // Of unlike parts each row says its own, in one piece.
  const unlike = linesOf([of("raw"), of("gateway", { ...partial, scored: 2, text: "2/50, partial" })]);
  for (const text of ["3/50, partial", "2/50, partial"])
    expect(unlike.filter((line) => line.includes(text))).toHaveLength(1);
});
