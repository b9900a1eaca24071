import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRuns, resolveRun } from "../../bench/store/list-runs.ts";
import { worstVerdict } from "../../bench/report/views/runs.ts";
import { checkResumable } from "../../bench/store/resume-check.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildIdentity, plannedCell } from "./run-builder.ts";

let runs: string;
beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), "tollgate-runs-"));
  for (const [experiment, minute] of [
    ["laptop", 1],
    ["airline", 2],
    ["laptop", 3],
  ] as const) {
    const runId = `${experiment}-20261121T120${minute}00Z-00000${minute}`;
    const identity = buildIdentity({
      runId,
      experiment,
      createdAt: `2026-11-21T12:0${minute}:00.000Z`,
      resolved: { stack: { kind: minute === 2 ? "attach" : "embedded" } },
      simulated: minute !== 2,
    });
    await using _ = await RunDirectory.create(runs, { identity, pid: process.pid });
  }
  await mkdir(join(runs, "notes"));
  await writeFile(join(runs, "README"), "not a run");
});
afterAll(() => rm(runs, { recursive: true, force: true }));

test("runs are listed oldest first; other files are not runs", async () => {
  const listed = await listRuns(runs);
  expect(
    listed.map((run) => [run.experiment, run.createdAt, run.stack, run.simulated, run.progress.state]),
  ).toEqual([
    ["laptop", "2026-11-21T12:01:00.000Z", "embedded", true, "interrupted"],
    ["airline", "2026-11-21T12:02:00.000Z", "attach", false, "interrupted"],
    ["laptop", "2026-11-21T12:03:00.000Z", "embedded", true, "interrupted"],
  ]);
  expect(await listRuns(join(runs, "absent"))).toEqual([]);
});

test("@last, @prev, a name and a path", async () => {
  const first = join(runs, "laptop-20261121T120100Z-000001");
  const last = join(runs, "laptop-20261121T120300Z-000003");
  expect(await resolveRun(undefined, { runs })).toBe(last);
  expect(await resolveRun("@last", { runs })).toBe(last);
  expect(await resolveRun("@prev", { runs })).toBe(first);
  expect(await resolveRun("@prev", { runs, than: last })).toBe(first);
  expect(await resolveRun("laptop-20261121T120100Z-000001", { runs })).toBe(first);
  expect(await resolveRun(first, { runs })).toBe(first);
  await expect(resolveRun("@prev", { runs, than: first })).rejects.toThrow(/no run of laptop before/);
  await expect(resolveRun("@next", { runs })).rejects.toThrow(/Unknown run @next/);
  await expect(resolveRun(undefined, { runs: join(runs, "absent") })).rejects.toThrow(/There is no run in/);
});

test("another experiment, other data or another plan cannot continue a run", () => {
  const stored = buildIdentity();
  checkResumable(stored, buildIdentity());
  const otherData = { ...stored.hashes, data: "3333333333333333", schemas: "4444444444444444" };
  expect(() => checkResumable(stored, { hashes: otherData, cells: stored.cells })).toThrow(
    "because this changed: data (2222222222222222 then, 3333333333333333 now), schemas (none then, 4444444444444444 now)",
  );
  expect(() => checkResumable(stored, { hashes: stored.hashes, cells: [plannedCell("raw", 3)] })).toThrow(
    /its plan has other cells or episodes/,
  );
});

test("the verdict of a run is the worst of its cells; one that is not known comes first", async () => {
  const [run] = await listRuns(runs);
  if (run === undefined) throw new Error("there is no run");
  const judged = (...found: readonly (string | null)[]) =>
    worstVerdict({
      ...run,
      progress: {
        ...run.progress,
        cells: found.map((verdict) => ({
          ...(run.progress.cells[0] as (typeof run.progress.cells)[number]),
          verdict,
        })),
      },
    });
  expect(judged(null, null)).toBeNull();
  expect(judged("valid", null)).toBe("valid");
  expect(judged("valid", "client-limited", "token-mismatch")).toBe("token-mismatch");
  expect(judged("engine-died", "from-the-future")).toBe("from-the-future");
});
