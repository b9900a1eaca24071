import { expect, test } from "vitest";
import { knownRateExperiment, reportOf } from "./known-rate.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, readRecords, tollgate, TollgateProcess } from "./tollgate-process.ts";

const minutes = 60_000;
const rate = { slots: 4, stepMs: 100 };
const search = { from: 2, to: 4, repetitions: 3, episodes: 12, episodesPerAgent: 3 };

test(
  "a search is stopped, gone on with, and answers; a sweep refuses to be one",
  async () => {
    using place = new Workplace(
      knownRateExperiment(rate, { slo: { e2e_p50: "10s", itl_mean: "60s" } }, { capacity: search }),
    );
    const args = ["capacity", place.file, "--out", place.runs, ...unchecked];
    await using driver = new TollgateProcess(args, place.environment);
    const run = await driver.runDirectory();
    await driver.until(() => /cell 2\/\d+ c4-r0-raw/.test(driver.stderr), { what: "a second cell" });
    driver.child.kill("SIGINT");
    const stopped = await driver.finished();
    expectExit(stopped, 130);
    expect(lastLine(stopped)).toBe(run);
    expect(stopped.stdout).toContain(`tollgate resume ${run}`);
    const planned = (directory: string) =>
      readRecords(directory).flatMap((record) => (record.type === "cells-planned" ? record.cells : []));
    const before = planned(run).map(({ cellId }) => cellId);

    const refused = await tollgate(["sweep", place.file, "--resume", run, ...unchecked], place.environment);
    expectExit(refused, 5);

    const ended = await tollgate(["resume", run, ...unchecked], place.environment);
    // Nothing up to `to` is beyond these limits: the upper end is open, which is no whole answer.
    expectExit(ended, 1);
    expect(lastLine(ended)).toBe(run);
    // A machine that is busy with other things is rightly said not to hold four agents, or not to tell.
    expect(ended.stdout).toMatch(/raw +(at least [234]|cannot tell)/);
    expect(ended.stdout).toMatch(/a larger --to|was not held|no load could tell/);
    const cells = planned(run);
    expect(cells.slice(0, before.length).map(({ cellId }) => cellId)).toEqual(before);
    expect(new Set(cells.map(({ cellId }) => cellId)).size).toBe(cells.length);
    const report = reportOf(run);
    expect(report.capacity?.arms).toMatchObject([{ arm: "raw", high: null, gpus: null }]);
    expect([2, 3, 4, null]).toContain(report.capacity?.arms[0]?.low);
    expect(report.cells.map(({ cellId }) => cellId)).toEqual(cells.map(({ cellId }) => cellId));
    expect(report.totals).toMatchObject({ finished: report.totals.planned });
  },
  3 * minutes,
);

test(
  "a sweep marks its cells by its limits, in the screen, the tables and report.json",
  async () => {
    using place = new Workplace({
      workload: { domain: "library", tasks: { count: 4 }, trials: 3 },
      sweep: { concurrency: [2], slo: { episode_p50: "1ms", e2e_p50: "60s", passRateDrop: "2%" } },
    });
    const finished = await place.sweep(...unchecked);
    const run = lastLine(finished);
    const { slo } = reportOf(run);
    expect(slo?.limits).toEqual([
      { name: "e2e_p50", text: "60s" },
      { name: "episode_p50", text: "1ms" },
      { name: "passRateDrop", text: "2%" },
    ]);
    for (const cell of slo?.cells ?? []) {
      expect(cell.finding).toBe("missed");
      expect(cell.objectives.map(({ name, finding }) => [name, finding])).toEqual([
        ["e2e_p50", "met"],
        ["episode_p50", "missed"],
        ["passRateDrop", cell.arm === "raw" ? "met" : "cannot-tell"],
      ]);
      expect(cell.goodput.value).toBe(0);
      expect(cell.episodesPerMinute.value).toBeGreaterThan(0);
    }
    expect(slo?.cells).toHaveLength(2);
    expect(finished.stdout).toMatch(/gateway .* missed/);
    expect(finished.stdout).toContain("SLO e2e_p50 <= 60s, episode_p50 <= 1ms, passRateDrop <= 2%");
    const table = await tollgate(["report", run], place.environment);
    expect(table.stdout).toContain("Limits (sweep.slo)");
  },
  2 * minutes,
);

test("without limits there is nothing to search", async () => {
  using place = new Workplace();
  const refused = await tollgate(["capacity", place.file, "--out", place.runs], place.environment);
  expectExit(refused, 2);
  expect(refused.stderr).toContain("sweep.slo={ttft_p95: 2s");
});

test("a limit with another name is refused with the one that was meant", async () => {
  using place = new Workplace({ sweep: { concurrency: [1], slo: { tftt_p95: "2s" } } });
  const refused = await tollgate(["plan", place.file], place.environment);
  expectExit(refused, 2);
  expect(refused.stderr).toMatch(/sweep\.slo\.tftt_p95 \(line \d+\): unknown key\. Did you mean ttft_p95\?/);
});
