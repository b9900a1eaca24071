import * as fc from "fast-check";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, RunUnreadableError } from "../../bench/errors.ts";
import { compressLog, restoreLog } from "../../bench/store/compressed-log.ts";
import { logPath, readRun, readTrajectories, type StoreWarning } from "../../bench/store/read-run.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "./run-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-read-run-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cell = plannedCell("gateway", 3);
const identity = buildIdentity({ cells: [cell] });
const records: readonly RunRecord[] = [
  runStarted(identity),
  segmentStarted(cell.cellId),
  buildEpisode(cell, 0, { labels: ["日本"] }),
  buildEpisode(cell, 1),
  segmentEnded(cell.cellId),
];
const lines = records.map((record) => `${JSON.stringify(record)}\n`);

async function runWith(content: string | Buffer | null): Promise<string> {
  const directory = await mkdtemp(join(scratch, "run-"));
  await writeFile(join(directory, "run.json"), JSON.stringify(identity));
  if (content !== null) await writeFile(join(directory, "records.jsonl"), content);
  return directory;
}

test("a driver killed at any byte leaves a readable run: every whole line counts, and what is torn is a warning", async () => {
  const bytes = Buffer.from(lines.join(""));
  const ends = lines.map((_, index) => Buffer.byteLength(lines.slice(0, index + 1).join("")));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async (length) => {
      const directory = await runWith(bytes.subarray(0, length));
      const run = await readRun(directory);
      const whole = ends.filter((end) => end <= length);
      expect(run.records).toEqual(records.slice(0, whole.length));
      expect(run.recordsEndByte).toBe(whole.at(-1) ?? 0);
      expect(run.warnings.map(({ line }) => line)).toEqual(
        length === run.recordsEndByte ? [] : [whole.length + 1],
      );
      // Reading changes nothing: a driver may be writing.
      expect(await readFile(join(directory, "records.jsonl"))).toEqual(bytes.subarray(0, length));
    }),
    { numRuns: 60 },
  );
});

test("wherever a whole line is damaged, also the last one, the error names file and line and what to do", async () => {
  const damage = fc.constantFrom("", "{}", "null", '{"v":1', '{"v":1,"type":"episode"}', '{"v":2}');
  await fc.assert(
    fc.asyncProperty(fc.nat(lines.length), damage, async (at, text) => {
      const directory = await runWith(lines.toSpliced(at, 0, `${text}\n`).join(""));
      const failure = readRun(directory);
      await expect(failure).rejects.toThrow(RunUnreadableError);
      await expect(failure).rejects.toThrow(`${join(directory, "records.jsonl")}:${at + 1} cannot be read: `);
      await expect(failure).rejects.toThrow("Restore the file from a copy, or start a new run.");
    }),
    { numRuns: 40 },
  );
});

test("a run that was ended before its first record is empty, not damaged; a folder without run.json is no run", async () => {
  expect(await readRun(await runWith(null))).toMatchObject({ records: [], recordsEndByte: 0, warnings: [] });
  const empty = await mkdtemp(join(scratch, "empty-"));
  await expect(readRun(empty)).rejects.toThrow(ConfigError);
});

test("a damaged run.json is a damaged run, not a folder of another kind", async () => {
  const directory = await runWith("");
  await writeFile(join(directory, "run.json"), '{"v": 1, "runId": ');
  const failure = readRun(directory);
  await expect(failure).rejects.toThrow(RunUnreadableError);
  await expect(failure).rejects.toThrow(`${join(directory, "run.json")} cannot be read`);
});

test("a run.json of something else is told in one line, with what it lacks first", async () => {
  const directory = await runWith("");
  await writeFile(join(directory, "run.json"), "{}");
  const failure = readRun(directory);
  await expect(failure).rejects.toThrow(/run\.json cannot be read: v: .*; runId: .*; and \d+ more\. Only/);
});

const log = "trajectories.jsonl";
const trajectoryLine = (index: number) =>
  `${JSON.stringify(trajectoryOf(buildEpisode(cell, index), buildAttempt()).trajectory)}\n`;

async function episodesIn(directory: string, warnings: StoreWarning[] = []) {
  const found: string[] = [];
  for await (const { trajectory } of readTrajectories(directory, warnings)) found.push(trajectory.episodeId);
  return found;
}

test("where a log lies plain and compressed, the plain one is the truth, for readers and for a resume", async () => {
  const directory = await runWith("");
  await writeFile(join(directory, log), trajectoryLine(0));
  await compressLog(directory, log);
  expect(await logPath(directory, log)).toBe(join(directory, `${log}.zst`));
  // Killed after the restored file had its name and before the compressed one was removed.
  await writeFile(join(directory, log), trajectoryLine(0) + trajectoryLine(1));
  expect(await episodesIn(directory)).toEqual(cell.episodeIds.slice(0, 2));
  await restoreLog(directory, log);
  expect(await logPath(directory, log)).toBe(join(directory, log));
  expect(await readFile(join(directory, log), "utf8")).toBe(trajectoryLine(0) + trajectoryLine(1));
});

test("compressing or restoring a log that a run does not have makes none", async () => {
  const directory = await runWith("");
  await compressLog(directory, log);
  await restoreLog(directory, log);
  expect(await logPath(directory, log)).toBeNull();
  expect(await episodesIn(directory)).toEqual([]);
});

test("a torn last line stays torn through the compression, and is a warning there, too", async () => {
  const directory = await runWith("");
  await writeFile(join(directory, log), trajectoryLine(0) + trajectoryLine(1).slice(0, 50));
  await compressLog(directory, log);
  const warnings: StoreWarning[] = [];
  expect(await episodesIn(directory, warnings)).toEqual(cell.episodeIds.slice(0, 1));
  expect(warnings).toMatchObject([{ file: join(directory, `${log}.zst`), line: 2 }]);
});

test("a compressed log that was cut is a damaged run that names the file, and it is not replaced by its beginning", async () => {
  const directory = await runWith("");
  await writeFile(join(directory, log), [0, 1, 2].map(trajectoryLine).join(""));
  await compressLog(directory, log);
  const path = join(directory, `${log}.zst`);
  await truncate(path, 200);
  for (const attempt of [() => episodesIn(directory), () => restoreLog(directory, log)]) {
    const failure = attempt();
    await expect(failure).rejects.toThrow(RunUnreadableError);
    await expect(failure).rejects.toThrow(`${path} cannot be decompressed`);
  }
  expect(await logPath(directory, log)).toBe(path);
});
