import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildReport } from "../../bench/report/build-report.ts";
import { renderReport } from "../../bench/report/rebuild.ts";
import { preflightPath, preflightText, type ArmFacts } from "../../bench/store/preflight-record.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildIdentity, plannedCell } from "../store/run-builder.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";

const folder = await mkdtemp(join(tmpdir(), "tollgate-preflight-facts-"));
afterAll(() => rm(folder, { recursive: true }));

const cells = ["raw", "gateway"].map((arm) => plannedCell(arm, 12));
let runs = 0;

/** A run whose preflights found these facts about its gateway, one after the other. */
async function reportWith(...found: readonly ArmFacts[]) {
  runs += 1;
  const runId = `facts-20260101T000000Z-00000${runs}`;
  const run = await RunDirectory.create(folder, {
    identity: buildIdentity({ runId, cells }),
    pid: process.pid,
  });
  for (const cell of cells)
    await writeSegment(run, { cell, episodes: cell.episodeIds.map((_, index) => index) });
  const check = {
    name: "same-engine",
    proves: "requests of every arm reach the engine",
    skipped: false,
    findings: [
      { on: "arm raw", status: "ok" as const, what: "seen", change: null },
      { on: "arm gateway", status: "failed" as const, what: "different engines", change: "Point it there." },
    ],
  };
  const invocations = found.map((gateway) => ({
    at: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    checks: [check, { ...check, name: "disk", skipped: true, findings: [] }],
    arms: { raw: { streaming: "real" as const, sameEngine: true }, gateway },
  }));
  await writeFile(preflightPath(run.path), preflightText(invocations));
  await run[Symbol.asyncDispose]();
  return buildReport(run.path);
}

test("an arm that the preflight saw reach another engine has no overhead, with that text", async () => {
  const report = await reportWith({ streaming: "real", sameEngine: false });
  expect(report.overheads[0]?.refused).toMatch(
    /^different engines: the preflight saw that requests of arm gateway/,
  );
  expect(report.overheads[0]?.pathMs.whole.difference.value).toBeNull();
  const text = renderReport(report, "table");
  expect(text).toContain("no overhead: different engines");
  expect(text).toMatch(/same-engine │ failed  │ arm gateway │ different engines/);
  expect(text).toMatch(/disk +│ skipped/);
  expect(text).toContain("ok: same-engine");
});

test("what a later preflight found out stands: a resumed run on mended servers is compared", async () => {
  const report = await reportWith(
    { streaming: "real", sameEngine: false },
    { streaming: null, sameEngine: true },
  );
  expect(report.preflights).toHaveLength(2);
  expect(report.overheads[0]?.refused).toBeNull();
});

test("simulated streaming: whole requests are compared, first tokens are not", async () => {
  const report = await reportWith({ streaming: "simulated", sameEngine: true });
  const [overhead] = report.overheads;
  expect(overhead?.pathMs.whole.difference.value).not.toBeNull();
  expect(overhead?.pathMs.firstToken.difference.value).toBeNull();
  expect(renderReport(report, "table")).toContain(
    "gateway: streaming is simulated (preflight): TTFT not comparable",
  );
});
