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
  expect(listed.unreadable).toEqual([]);
  expect(
    listed.runs.map((run) => [run.experiment, run.createdAt, run.stack, run.simulated, run.progress.state]),
  ).toEqual([
    ["laptop", "2026-11-21T12:01:00.000Z", "embedded", true, "interrupted"],
    ["airline", "2026-11-21T12:02:00.000Z", "attach", false, "interrupted"],
    ["laptop", "2026-11-21T12:03:00.000Z", "embedded", true, "interrupted"],
  ]);
  expect(await listRuns(join(runs, "absent"))).toEqual({ runs: [], unreadable: [] });
});

test("a damaged run breaks neither the list nor @last of the others, and is not hidden", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-damaged-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const runId = "laptop-20261121T120100Z-000001";
  const good = buildIdentity({ runId, createdAt: "2026-11-21T12:01:00.000Z" });
  await using _run = await RunDirectory.create(folder, { identity: good, pid: process.pid });
  const damage = async (name: string, text: string) => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "run.json"), text);
    return join(folder, name);
  };
  const older = await damage("laptop-20261120T120000Z-00000a", "{}");
  const renamed = await damage("renamed", '{"v":1');
  expect(await resolveRun("@last", { runs: folder })).toBe(join(folder, runId));
  expect(await resolveRun("@prev", { runs: folder })).toBe(older);
  const { runs: listed, unreadable } = await listRuns(folder);
  expect(listed.map(({ directory }) => directory)).toEqual([join(folder, runId)]);
  expect(unreadable.map(({ directory }) => directory).toSorted()).toEqual([older, renamed]);
  expect(unreadable.map(({ message }) => message)).toEqual([
    expect.stringContaining("run.json cannot be read"),
    expect.stringContaining("run.json cannot be read"),
  ]);
  // Its name says that it is the newest one: to take another run for it would answer a question that nobody asked.
  const newest = await damage("airline-20261122T120000Z-00000b", "");
  expect(await resolveRun("@last", { runs: folder })).toBe(newest);
});

test("a run whose records are damaged is named, too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-damaged-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  await using run = await RunDirectory.create(folder, { identity: buildIdentity(), pid: process.pid });
  const { path } = run;
  await writeFile(join(path, "records.jsonl"), "{}\n");
  expect(await listRuns(folder)).toMatchObject({
    runs: [],
    unreadable: [{ directory: path, message: expect.stringContaining("records.jsonl:1 cannot be read") }],
  });
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
    "because this changed:\n  data: its content is another one (22222222 then, 33333333 now)\n  schemas: not used then, used now",
  );
  expect(() => checkResumable(stored, { hashes: stored.hashes, cells: [plannedCell("raw", 3)] })).toThrow(
    /its plan has other cells or episodes/,
  );
});

test("the verdict of a run is the worst of its cells; one that is not known comes first", async () => {
  const {
    runs: [run],
  } = await listRuns(runs);
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
