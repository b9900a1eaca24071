import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildReport } from "../../../bench/report/build-report.ts";
import { renderReport } from "../../../bench/report/rebuild.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { buildIdentity, plannedCell, runStarted } from "../../store/run-builder.ts";
import { writeSegment, type SegmentPlan } from "../../evidence/evidence-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-hard-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cell = plannedCell("raw", 12);
const all = cell.episodeIds.map((_, index) => index);
let made = 0;

async function reportOf(...plans: readonly Omit<SegmentPlan, "cell">[]) {
  made += 1;
  const identity = buildIdentity({ runId: `run-${made}`, cells: [cell] });
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    for (const plan of plans) await writeSegment(run, { cell, ...plan });
  }
  return buildReport(join(scratch, identity.runId));
}

test("a wall clock that goes back changes no number: durations are monotonic", async () => {
  const [steady] = (await reportOf({ episodes: all })).cells;
  const [back] = (await reportOf({ episodes: all, ended: { at: "1999-12-31T23:59:59.000Z" } })).cells;
  expect(back).toEqual(steady);
});

test("nothing in the product subtracts wall clocks", () => {
  const files = globSync(["bench/**/*.ts", "openclaw-tau2/**/*.{ts,js}"]);
  const subtracts = /Date\.now\(\)\s*-|-\s*Date\.now\(\)/;
  expect(files.filter((file) => subtracts.test(readFileSync(file, "utf8")))).toEqual([]);
});

test("a cell in which everything failed is reported: no latency, no rate of trajectories, every failure counted", async () => {
  const report = await reportOf({
    episodes: all,
    record: () => ({
      status: "failed",
      reward: null,
      rewardBasis: null,
      failure: { class: "engine", message: "HTTP 500" },
      promptTokens: null,
      completionTokens: null,
    }),
    timing: (timing) => ({ ...timing, status: 500, usage: null, firstTokenNs: null, lastTokenNs: null }),
    engineSkew: { prompt: -3600, completion: -396 },
  });
  const [summary] = report.cells;
  const unknown = { value: null, count: 0, low: null, high: null };
  expect(summary).toMatchObject({
    episodes: { finished: 12, byFailureClass: { engine: 12 }, judged: 0 },
    passRate: unknown,
    ttftMs: { count: 0, p50: unknown },
    rates: { trajectoriesPerHour: { value: 0, count: 0 }, requestsPerSecond: { value: 0, count: 0 } },
  });
  expect(summary).toMatchObject({
    verdict: "failing",
    passHatK: [],
    meanReward: unknown,
    rates: { episodesPerMinute: { value: 0, count: 0 } },
    episodeSeconds: { count: 0 },
  });
  expect(report.ledgers).toEqual([]);
  expect(renderReport(report, "table")).not.toMatch(/NaN|Infinity|undefined/);
});

test("a stream that was cut in the middle has no latency and its tokens are explained by name", async () => {
  const cut = `${cell.episodeIds[0]}-s0-1`;
  const report = await reportOf({
    episodes: all,
    timing: (timing) =>
      timing.requestId === cut
        ? { ...timing, outcome: "upstream-truncated", error: "socket hang up", usage: null }
        : timing,
  });
  const [summary] = report.cells;
  expect(summary?.e2eMs.count).toBe(35);
  expect(summary?.tokenCheck.status).toBe("explained");
  expect(summary?.tokenCheck.details).toContain(
    `1 requests got no whole answer, and the engine counted them: ${cut}`,
  );
  expect(report.exclusions).toContainEqual({
    what: "requests",
    count: 1,
    reason: "not answered: no latency",
    cells: [cell.cellId],
  });
});
