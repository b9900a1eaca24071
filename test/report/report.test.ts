import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../../bench/report/build-report.ts";
import { rebuildReport, renderReport } from "../../bench/report/rebuild.ts";
import { reportModelSchema, type ReportModel } from "../../bench/report/model/report-model.ts";
import { reportTables } from "../../bench/report/tables/sweep-document.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildIdentity, hex, plannedCell, runStarted } from "../store/run-builder.ts";
import { writeSegment, type SegmentPlan } from "../evidence/evidence-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-report-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const episodes = 12;
const loads = [1, 16];
const cells = loads.flatMap((load) => [
  plannedCell("raw", episodes, load),
  plannedCell("gateway", episodes, load),
]);
const all = Array.from({ length: episodes }, (_, index) => index);
let made = 0;

/** A run of raw and gateway at two loads; the gateway takes 3 ms more, with a little noise. */
async function writeRun(
  change: (plan: SegmentPlan) => SegmentPlan = (plan) => plan,
  planned: typeof cells = cells,
  resolved: Readonly<Record<string, unknown>> = { name: "laptop" },
): Promise<string> {
  made += 1;
  const identity = buildIdentity({ runId: `run-${made}`, cells: planned, resolved: { ...resolved } });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  for (const cell of planned) {
    const extraNs = cell.arm === "raw" ? 0 : 3e6;
    await writeSegment(
      run,
      change({
        cell,
        episodes: all,
        pathNs: (episode, request) =>
          1e6 + extraNs + ((episode * 31 + request * 17) % 7) * 1e4 * (extraNs > 0 ? 1 : 2),
        record: (episode) => ({ promptTokens: 300 + (cell.arm === "raw" ? 0 : (episode % 3) - 1) }),
      }),
    );
  }
  return run.path;
}

test("the report is rebuilt from the run directory to the same bytes", async () => {
  const directory = await writeRun();
  const report = await rebuildReport(directory);
  expect((await readdir(join(directory, "report"))).sort()).toEqual([
    "cells.csv",
    "report.html",
    "report.json",
    "report.md",
  ]);
  const stored: unknown = JSON.parse(await readFile(join(directory, "report", "report.json"), "utf8"));
  expect(reportModelSchema.parse(stored)).toEqual(report);
  const again = await buildReport(directory);
  expect({ ...again, totals: null }).toEqual({ ...report, totals: null });
});

test("a planted path overhead of 3 ms is found with its interval; equal arms show no difference", async () => {
  const report = await buildReport(await writeRun());
  expect(report.overheads.map(({ load, arm, refused }) => [load, arm, refused])).toEqual([
    ["closed:1", "gateway", null],
    ["closed:16", "gateway", null],
  ]);
  for (const { pathMs, armPath, live } of report.overheads) {
    expect(armPath).toMatchObject({ requests: 36, joined: 36, unmatched: 0, retried: 0 });
    const { difference, tasks, finding } = pathMs.whole;
    expect(tasks).toBe(12);
    expect(difference.count).toBe(12);
    expect(finding).toBe("more");
    expect(difference.low).toBeLessThan(3);
    expect(difference.high).toBeGreaterThan(2.9);
    expect(difference.value).toBeCloseTo(3, 1);
    expect(live.reward).toMatchObject({ difference: { value: 0, count: 12 }, finding: "cannot-tell" });
    expect(live.promptTokens).toMatchObject({ difference: { value: 0, count: 12 }, finding: "cannot-tell" });
  }
});

test("different engines: no overhead, not a number", async () => {
  const directory = await writeRun((plan) => ({
    ...plan,
    facts: { engineIdentity: { agent: `pid ${plan.cell.arm === "raw" ? 1 : 2}` } },
  }));
  const report = await buildReport(directory);
  for (const overhead of report.overheads) {
    expect(overhead.refused).toMatch(/^different engines/);
    expect(overhead.pathMs.whole).toEqual({
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
    expect(overhead.live.reward.difference.value).toBeNull();
  }
  expect(renderReport(report, "table")).toContain("closed:1 gateway: no overhead: different engines");
});

test("requests that a gateway repeats or hides are counted and left out", async () => {
  const directory = await writeRun((plan) => ({
    ...plan,
    timing: (timing) =>
      plan.cell.arm === "gateway" && timing.hop === "inner" && timing.requestId.endsWith("-1")
        ? { ...timing, requestId: timing.requestId.replace(/-1$/, "-0") }
        : timing,
  }));
  const [overhead] = (await buildReport(directory)).overheads;
  expect(overhead?.armPath).toMatchObject({ requests: 36, joined: 12, unmatched: 12, retried: 12 });
});

test("a gateway that holds its tokens back has no time to first token", async () => {
  const report = await buildReport(
    await writeRun((plan) => ({
      ...plan,
      timing: (timing) =>
        plan.cell.arm === "gateway" && timing.hop === "outer"
          ? { ...timing, firstTokenNs: timing.endedNs - 1e6, lastTokenNs: timing.endedNs - 1e6 }
          : timing,
    })),
  );
  for (const { armPath, baselinePath, pathMs } of report.overheads) {
    expect([baselinePath.streaming, armPath.streaming]).toEqual(["true", "simulated"]);
    expect(pathMs.firstToken.difference.value).toBeNull();
    expect(pathMs.whole.difference.value).toBeCloseTo(3, 1);
    expect(armPath.meanMs).toBeCloseTo(4, 1);
  }
  expect(renderReport(report, "table")).toContain("closed:1 gateway: TTFT not comparable: its tokens reach");
});

test("margins that the experiment declared are judged, and what cannot be told says what it would take", async () => {
  const compare = { margin: "5ms", tokenMarginPercent: 0.1, rewardMargin: 0.05 };
  const report = await buildReport(await writeRun((plan) => plan, cells, { name: "laptop", compare }));
  for (const { pathMs, live } of report.overheads) {
    expect(pathMs.whole.margin).toMatchObject({ limit: 5, verdict: "inside", moreUnits: null });
    expect(live.reward.margin).toMatchObject({ limit: 0.05, verdict: "inside" });
    expect(live.seconds.margin).toBeNull();
    const { margin } = live.promptTokens;
    expect(margin).toMatchObject({ limit: expect.closeTo(0.3, 9), verdict: "cannot-tell" });
    expect(margin?.moreUnits).toBeGreaterThan(0);
    // 12 tasks took 10 s in each arm.
    expect(margin?.moreSeconds).toBeCloseTo(((margin?.moreUnits ?? 0) * 20) / 12, 6);
  }
  const text = renderReport(report, "table");
  expect(text).toContain("inside ±5.00");
  expect(text).toMatch(/cannot tell ±0\.300: *│/);
});

test("one pair of cells cannot say that episodes take longer; three that agree can", async () => {
  const slower = (plan: SegmentPlan): SegmentPlan => ({
    ...plan,
    record: (episode) => ({
      startedNs: 0,
      endedNs: 1e9 + episode * 1e7 + (plan.cell.arm === "raw" ? 0 : 5e8 + plan.cell.repetition * 1e6),
    }),
  });
  const [once] = (await buildReport(await writeRun(slower))).overheads;
  expect(once?.live.seconds).toMatchObject({ unit: "tasks", cellPairs: 1, finding: "cannot-tell" });
  expect(once?.live.seconds.difference.low).toBeGreaterThan(0.4);
  const repeated = [0, 1, 2].flatMap((repetition) =>
    cells.slice(0, 2).map((cell) => {
      const cellId = `c1-r${repetition}-${cell.arm}`;
      return {
        ...cell,
        cellId,
        repetition,
        episodeIds: cell.episodeIds.map((_, index) => hex(cellId, index)),
      };
    }),
  );
  const [thrice] = (await buildReport(await writeRun(slower, repeated))).overheads;
  expect(thrice?.live.seconds).toMatchObject({
    unit: "cell pairs",
    cellPairs: 3,
    tasks: 12,
    finding: "more",
  });
  expect(thrice?.live.seconds.difference.value).toBeCloseTo(0.501, 9);
  expect(thrice?.live.promptTokens).toMatchObject({ unit: "tasks", finding: "cannot-tell" });
});

test("too few tasks: numbers with their count, but no finding", async () => {
  const directory = await writeRun((plan) => ({ ...plan, episodes: [0, 1, 2] }));
  const [overhead] = (await buildReport(directory)).overheads;
  expect(overhead?.pathMs.whole).toMatchObject({
    tasks: 3,
    difference: { count: 3 },
    finding: "cannot-tell",
  });
});

test("exclusions name what was left out, how often and why", async () => {
  const failure = { class: "gateway", message: "502" };
  const directory = await writeRun((plan) => ({
    ...plan,
    record: (episode) =>
      episode === 0 ? { status: "failed", reward: null, failure } : episode === 1 ? { reward: null } : {},
  }));
  const report = await buildReport(directory);
  expect(report.exclusions).toEqual([
    {
      what: "episodes",
      count: 4,
      reason: "failed: gateway (no reward, no trajectory)",
      cells: cells.map(({ cellId }) => cellId),
    },
    {
      what: "episodes",
      count: 4,
      reason: "unjudged: no reward, left out of the pass rate",
      cells: cells.map(({ cellId }) => cellId),
    },
  ]);
  expect(report.totals).toMatchObject({ planned: 48, finished: 48, trajectories: 44 });
});

describe("a run in which episodes failed", () => {
  const message = "Simulator: x-tollgate-ref names task renew-one of domain library, which was not loaded";
  const withFailures = async () =>
    buildReport(
      await writeRun((plan) => ({
        ...plan,
        record: (episode) => {
          if (plan.cell !== cells[0]) return {};
          if (episode < 8)
            return { status: "failed", reward: null, failure: { class: "user-engine", message } };
          const terminationDetail = "two calls have the id call_1";
          return episode === 8 ? { reward: 0, termination: "agent_error", terminationDetail } : {};
        },
      })),
    );

  test.each(["table", "md", "html", "json"] as const)(
    "%s says so first, with the first message",
    async (format) => {
      const text = renderReport(await withFailures(), format)
        .replaceAll(/\s+/g, " ")
        .replaceAll(/ │ │ │ │ /g, " ");
      expect(text).toContain("8 user-engine, first: Simulator: x-tollgate-ref names task");
      expect(text).toContain("two calls have the id call_1");
      if (format === "json") return;
      expect(text).toContain("48 of 48 episodes, 8 of them failed");
      expect(text.indexOf("Failures")).toBeLessThan(text.indexOf("Speed"));
      expect(text).toContain(`tollgate inspect`);
    },
  );

  test("the page begins with what cannot be used, before its pictures", async () => {
    const text = renderReport(await withFailures(), "html");
    expect(text.indexOf("NOT USABLE")).toBeGreaterThan(0);
    expect(text.indexOf("NOT USABLE")).toBeLessThan(text.indexOf("<svg"));
  });

  test("no table prints a pass rate of the failing cell, and only of that one", async () => {
    const report = await withFailures();
    const rates = reportTables(report, { seed: false })
      .find(({ title }) => title === "Episodes")
      ?.rows.map((row) => row.find((text) => text.includes("judged") || text.includes("%")));
    expect(rates?.[0]).toBe("3 of 4 judged\n8 failed");
    expect(rates?.slice(1).every((text) => text?.startsWith("100 %"))).toBe(true);
  });

  test("it is in cells.csv", async () => {
    const [head = "", first = "", second = ""] = renderReport(await withFailures(), "csv").split("\n");
    expect(head).toContain(",failures,first_failure,first_failure_episode,");
    expect(first).toContain(`,8 user-engine,"${message}",${cells[0]?.episodeIds[0]},`);
    expect(second).not.toContain("user-engine");
  });

  test("an overhead is not stated against a failing cell", async () => {
    const { overheads } = await withFailures();
    expect(overheads.map(({ refused }) => refused)).toContain(`cell ${cells[0]?.cellId} is failing`);
  });
});

test("trajectories are counted where they are: a run without its file says so", async () => {
  const directory = await writeRun();
  await rm(join(directory, "trajectories.jsonl"));
  const report = await buildReport(directory);
  expect(report.totals).toMatchObject({ finished: 48, trajectories: 0 });
  expect(report.warnings.join()).toMatch(/48 of 48 finished episodes have no trajectory .*missing/);
  expect(renderReport(report, "md")).toContain("0 trajectories of 48 finished episodes");
});

test("the terminal report fits 100 columns", async () => {
  const report = await buildReport(await writeRun());
  const wide = withLongNumbers(report);
  for (const text of [
    renderReport(report, "table", { seed: true }),
    renderReport(wide, "table", { seed: true }),
  ]) {
    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
    expect(text).toContain("SIMULATED ENGINES");
  }
});

/** The largest numbers that a real sweep may have. */
function withLongNumbers(report: ReportModel): ReportModel {
  const estimate = { value: 123456, count: 200, low: 112233, high: 134567 };
  const latency = {
    count: 3500,
    episodes: 200,
    mean: estimate,
    p50: estimate,
    p95: estimate,
    p99: estimate,
    max: 1e6,
  };
  const difference = {
    difference: { value: -1234.5, count: 200, low: -2345.6, high: 1234.5 },
    unit: "tasks" as const,
    tasks: 50,
    cellPairs: 1,
    baselineMean: 1,
    armMean: 1,
    finding: "cannot-tell" as const,
    signedRankP: 0.5,
    margin: { limit: 1234.5, verdict: "cannot-tell" as const, moreUnits: 1234, moreSeconds: 123456 },
  };
  return {
    ...report,
    cells: report.cells.map((cell) => ({
      ...cell,
      cellId: "c30-r0-gateway",
      verdict: "engine-restarted",
      passRate: { value: 0.345, count: 200, low: 0.283, high: 0.413 },
      ttftMs: latency,
      itlMs: latency,
      e2eMs: latency,
      episodeSeconds: latency,
    })),
    overheads: report.overheads.map((overhead) => ({
      ...overhead,
      pathMs: { firstByte: difference, firstToken: difference, whole: difference },
      live: {
        reward: { ...difference, difference: { value: -0.045, count: 200, low: -0.145, high: 0.055 } },
        seconds: { ...difference, difference: { value: -45.1, count: 200, low: -55.3, high: 35.5 } },
        requests: { ...difference, difference: { value: -1.25, count: 200, low: -2.35, high: 0.15 } },
        promptTokens: { ...difference, difference: { value: -12345, count: 200, low: -22345, high: 12345 } },
        turns: { ...difference, difference: { value: -1.25, count: 200, low: -2.35, high: 0.15 } },
        completionTokens: { ...difference, difference: { value: -123, count: 200, low: -223, high: 123 } },
        shares: {
          path: difference,
          engine: difference,
          behaviour: difference,
          user: difference,
          harness: difference,
        },
        unsplit: 3,
      },
    })),
  };
}

test("every format tells the same numbers; the HTML loads nothing", async () => {
  const report = await buildReport(await writeRun());
  const csv = renderReport(report, "csv").split("\n");
  expect(csv.length).toBe(cells.length + 2);
  expect(csv[0]!.split(",").slice(0, 5)).toEqual(["cell", "arm", "load", "concurrency", "repetition"]);
  const html = renderReport(report, "html", { seed: true });
  expect(html).not.toMatch(/src=|href="(?!#)|@import|url\(|https?:/);
  // The difference, four latencies and throughput at most, where the time went.
  expect(html.match(/<svg /g)?.length).toBeGreaterThanOrEqual(4);
  const markdown = renderReport(report, "md", { seed: true });
  expect(markdown).toContain(
    "| Concurrency | Trial | Tasks | Pass | Fail | Error | Rate | Dur(s) | tasks/min |",
  );
  for (const { cellId } of cells) {
    expect(markdown).toContain(`| ${cellId} |`);
    expect(html).toContain(`<th scope="row" class="left">${cellId}</th>`);
  }
});

test("text from outside cannot break the page", async () => {
  const report = await buildReport(await writeRun());
  const html = renderReport({ ...report, warnings: ['<script>alert("1")</script>'] }, "html");
  expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
  expect(html).not.toContain("<script>");
});
