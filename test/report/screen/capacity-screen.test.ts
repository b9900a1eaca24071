import { expect, test } from "vitest";
import type { CapacityAnswer } from "../../../bench/analysis/capacity/capacity-answer.ts";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { capacityScreen } from "../../../bench/report/screen/capacity-screen.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";
import { capacityAnswer } from "../../../bench/analysis/capacity/capacity-answer.ts";
import { capacitySettings } from "../../../bench/config/capacity-schema.ts";
import { sloOf } from "../../../bench/config/slo-schema.ts";
import type { ObservedCell } from "../../../bench/analysis/slo/observed-cell.ts";
import { cellOfTimes } from "../../analysis/slo/observed-builder.ts";

const settings = { ...capacitySettings(undefined), repetitions: 3 };
const load = (concurrency: number, middle: number, changes: Partial<ObservedCell> = {}) =>
  [1, 2, 3].map((repetition) =>
    cellOfTimes(
      Array.from({ length: 200 }, (_, index) => middle * (1 + index / 2000)),
      { concurrency, repetition, ...changes },
    ),
  );

function answerOf(
  cells: readonly ObservedCell[],
  gpus: number | null = 8,
  limits: Readonly<Record<string, string>> = {},
): CapacityAnswer {
  const slo = sloOf({ ttft_p95: "100ms", ...limits });
  if (slo === null) throw new Error("no limits");
  return capacityAnswer({ cells, slo, settings, gpus });
}

function screenOf(answer: CapacityAnswer, state = "complete"): readonly string[] {
  const run = {
    experiment: "node",
    state,
    simulated: false,
    note: "",
    agent: { name: "native", version: "1" },
    servers: [],
    versions: {},
    host: "",
    gitRevision: null,
  };
  const report = { run, cells: [], totals: { planned: 40, finished: 40 } } as unknown as ReportModel;
  const ending = { seconds: 60, next: null, places: { page: "report.html", run: "node-1" } };
  return laidOut(capacityScreen(report, answer, ending), 80).map((line) => lineText(line, false));
}

const gateway = { arm: "gateway", armKind: "gateway" };
const both = [...load(24, 50), ...load(29, 150), ...load(16, 50, gateway), ...load(20, 150, gateway)];

test("the range of each arm, per GPU where GPUs are known, and which arm carries fewer", () => {
  const lines = screenOf(answerOf(both));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}raw +between 24 and 28 +3\.00 to 3\.50 +/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}gateway +between 16 and 19 +2\.00 to 2\.38 +/));
  expect(lines).toContain("  gateway carries 5 to 12 fewer than raw (90 %)");
  expect(screenOf(answerOf(both, null)).join("\n")).not.toContain("per GPU");
});

test("the last load that holds and the first that does not stand below, with what was measured", () => {
  const lines = screenOf(answerOf(both));
  const at = lines.findIndex((line) => line.startsWith("At the edge"));
  expect(lines.slice(at + 1, at + 5)).toEqual([
    expect.stringMatching(/^ {2}raw +24 +met +54\.\d ms \[/),
    expect.stringMatching(/^ {2}raw +29 +missed +164 ms \[/),
    expect.stringMatching(/^ {2}gateway +16 +met /),
    expect.stringMatching(/^ {2}gateway +20 +missed /),
  ]);
});

test("a narrow terminal leaves out the limits that did not decide, instead of breaking rows", () => {
  const lines = screenOf(answerOf(both, null, { ttft_mean: "10s", ttft_p50: "10s", ttft_p90: "10s" }));
  const at = lines.findIndex((line) => line.startsWith("At the edge"));
  expect(lines[at]).toMatch(/ttft_p95/);
  expect(lines[at]).not.toMatch(/ttft_p90/);
  expect(lines.slice(at + 1, at + 5).map((line) => line.slice(0, 9).trim())).toEqual([
    "raw",
    "raw",
    "gateway",
    "gateway",
  ]);
});

test.each([
  { title: "an open upper end", cells: load(256, 50), state: "complete", text: "a larger --to" },
  { title: "nothing that could tell", cells: load(4, 91.3), state: "complete", text: "no load could tell" },
  {
    title: "a search that was stopped",
    cells: load(4, 91.3),
    state: "interrupted",
    text: "the search is not over",
  },
])("$title is said, with what to do", ({ cells, state, text }) => {
  expect(screenOf(answerOf(cells), state).join("\n")).toContain(text);
});

test("every line fits 80 columns", () => {
  expect(screenOf(answerOf(both)).filter((line) => line.length > 80)).toEqual([]);
});
