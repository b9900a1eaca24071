import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRun, readTrajectories } from "../../bench/store/read-run.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { storing } from "../../bench/store/storage-error.ts";
import { buildIdentity } from "./run-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-storage-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

test("a full disk: a StorageError that says what to do, and nothing half-written counts", async () => {
  // A limit on the size of files behaves like a full disk: the write that crosses it is short, the next one fails.
  const script = new URL("./fill-disk.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    `ulimit -f 64; exec "${process.execPath}" "${script}" "${scratch}"`,
  ]);
  const told: unknown = JSON.parse(stdout);
  expect(told).toEqual({
    finished: expect.any(Number),
    name: "StorageError",
    code: "TOLLGATE_STORAGE",
    reason: "disk-full",
    message: expect.stringMatching(/^Cannot append to .*trajectories\.jsonl: EFBIG.*Free space.*--resume/s),
  });
  const directory = join(scratch, buildIdentity().runId);
  const run = await readRun(directory);
  expect(run.warnings).toEqual([]);
  const { finished } = told as { finished: number };
  expect(finished).toBeGreaterThan(3);
  expect(run.records.filter(({ type }) => type === "episode").length).toBe(finished);
  const stored = [];
  for await (const { trajectory } of readTrajectories(directory)) stored.push(trajectory.episodeId);
  expect(stored.length).toBe(finished);
  const resumed = await RunDirectory.resume(directory, { pid: process.pid });
  await resumed.run[Symbol.asyncDispose]();
  expect(resumed.stored.records.length).toBe(run.records.length);
});

test("a folder whose parent is a file", async () => {
  const file = join(scratch, "a-file");
  await writeFile(file, "x");
  await expect(
    RunDirectory.create(file, { identity: buildIdentity(), pid: process.pid }),
  ).rejects.toMatchObject({ code: "TOLLGATE_STORAGE" });
});

test("the kernel's read-only answer is named; a bug of ours stays a bug", async () => {
  await expect(
    storing("/proc/version", "Cannot write", () => writeFile("/proc/version", "x")),
  ).rejects.toMatchObject({ code: "TOLLGATE_STORAGE", path: "/proc/version" });
  await expect(storing("x", "Cannot write", () => Promise.reject(new TypeError("a bug")))).rejects.toThrow(
    TypeError,
  );
  expect(await readFile("/proc/version", "utf8")).toContain("Linux");
});
