import { expect, test } from "vitest";
import { passAtKReport } from "../../../bench/analysis/scores/pass-at-k-report.ts";
import { passAtKTable } from "../../../bench/report/tables/pass-at-k-table.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 400);
const valid = { cellId: cell.cellId, arm: "raw", load: "closed:1", reasons: [] };

/** Samples of a problem: passed, or nobody could judge. */
type Outcome = boolean | null;

function sampled(problems: Readonly<Record<string, readonly Outcome[]>>): readonly EpisodeRecord[] {
  let at = 0;
  return Object.entries(problems).flatMap(([taskId, outcomes]) =>
    outcomes.map((passed, trial) =>
      buildEpisode(cell, at++, {
        domain: "own",
        taskId,
        trial,
        reward: passed === null ? null : Number(passed),
        ...(passed === null
          ? { status: "failed", failure: { class: "engine", message: "no" } }
          : { scores: [{ name: "passed", value: Number(passed), passed }] }),
      }),
    ),
  );
}

function reportOf(
  episodes: readonly EpisodeRecord[],
  { ks = [1, 2], reasons = [], e2e = new Map<string, number>() } = {},
) {
  const latencies = new Map([...e2e].map(([id, ms]) => [id, { ttft: [], itl: [], e2e: [ms] }] as const));
  const report = passAtKReport(ks, [{ summary: { ...valid, reasons }, latencies }], episodes);
  const [first] = report?.cells ?? [];
  if (first === undefined) throw new Error("no cell");
  return first;
}

const [yes, no] = [true, false];

test("each problem has its own estimate, and the mean and median are over problems and not over samples", () => {
  const { rows, problems } = reportOf(
    sampled({ "p/10": [yes, yes, yes, yes], "p/9": [yes, no, no], "p/2": [no, no, no] }),
  );
  expect(problems.map(({ task, samples, passes }) => [task, samples, passes])).toEqual([
    ["p/2", 3, 0],
    ["p/9", 3, 1],
    ["p/10", 4, 4],
  ]);
  // 1 - C(2, 2) / C(3, 2) = 2/3
  expect(problems[1]?.passAtK["2"]).toBeCloseTo(2 / 3, 12);
  expect(rows.map(({ k, mean: { value, count }, median }) => [k, value, count, median])).toEqual([
    [1, expect.closeTo((0 + 1 / 3 + 1) / 3, 12), 3, expect.closeTo(1 / 3, 12)],
    [2, expect.closeTo((0 + 2 / 3 + 1) / 3, 12), 3, expect.closeTo(2 / 3, 12)],
  ]);
});

test("what nobody could judge is no sample, and a problem with too few of them is in no mean and is counted", () => {
  const { rows, problems } = reportOf(sampled({ a: [yes, null, null], b: [no, yes, null], c: [null] }));
  expect(problems.map(({ samples, passAtK }) => [samples, Object.keys(passAtK)])).toEqual([
    [1, ["1"]],
    [2, ["1", "2"]],
    [0, []],
  ]);
  expect(rows.map(({ mean: { value, count }, tooFewSamples }) => [value, count, tooFewSamples])).toEqual([
    [0.75, 2, 1],
    [1, 1, 2],
  ]);
});

test("time to solution is that of answers that passed, a problem one value", () => {
  const episodes = sampled({ a: [yes, yes, no], b: [yes, no], c: [no] });
  const ms = [1000, 3000, 50, 6000, 50, 50];
  const e2e = new Map(episodes.map(({ episodeId }, at) => [episodeId, ms[at] ?? 0]));
  const { secondsToSolution: seconds, problems } = reportOf(episodes, { ks: [1], e2e });
  expect(problems.map(({ secondsToSolution }) => secondsToSolution)).toEqual([2, 6, null]);
  expect([seconds.mean.value, seconds.mean.count, seconds.median]).toEqual([4, 2, 4]);
});

test("where all problems are alike, or few, the interval is wide and inside 0..1", () => {
  for (const passed of [yes, no]) {
    const alike = sampled(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p/${at}`, [passed]])));
    const [row] = reportOf(alike, { ks: [1] }).rows;
    expect(row?.method).toMatch(/Wilson/);
    // 20 of 20: Wilson's lower limit is 1 / (1 + 1.96^2 / 20).
    expect((row?.mean.high ?? 0) - (row?.mean.low ?? 0)).toBeCloseTo(1 - 1 / (1 + 3.8414588 / 20), 6);
  }
});

test("a failing cell states nothing and says why; without k there is no report", () => {
  const episodes = sampled({ a: [yes, yes] });
  const reasons = [{ verdict: "failing", detail: "half of it" }] as const;
  const report = passAtKReport(
    [1],
    [{ summary: { ...valid, reasons: [...reasons] }, latencies: new Map() }],
    episodes,
  );
  expect(report?.cells[0]?.rows[0]?.mean.value).toBeNull();
  expect(report === null ? [] : passAtKTable(report).notes.join()).toContain("failing");
  expect(passAtKReport(undefined, [], episodes)).toBeNull();
  expect(passAtKReport([], [], episodes)).toBeNull();
});
