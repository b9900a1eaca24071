import { mkdtemp, readFile, readdir, rm, writeFile, appendFile, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunUnreadableError } from "../../bench/errors.ts";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { finishedEpisodes, progressOf, remainingEpisodes } from "../../bench/store/progress.ts";
import { readRun, readTrajectories } from "../../bench/store/read-run.ts";
import { RunDirectory, runIdOf } from "../../bench/store/run-directory.ts";
import { TextStore } from "../../bench/store/text-store.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  runStarted,
  segmentEnded,
  segmentStarted,
  transcript,
} from "./run-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-store-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let made = 0;
const freshIdentity = () => {
  made += 1;
  const at = new Date(Date.UTC(2026, 10, 21, 12, 0, made));
  const runId = runIdOf({ experiment: "laptop", at, suffix: "0a1b2c" });
  return buildIdentity({ runId, createdAt: at.toISOString() });
};

/** What a driver does: go on with every cell that has work left, one new segment each. */
async function drive(run: RunDirectory, identity: ReturnType<typeof buildIdentity>): Promise<void> {
  const { records } = await readRun(run.path);
  const segments = records.filter(({ type }) => type === "segment-started").length;
  await run.append(runStarted(identity, records.length > 0));
  for (const [index, { cellId, episodeIds }] of remainingEpisodes(identity, records).entries()) {
    const segmentId = `s${segments + index}`;
    await run.append(segmentStarted(cellId, segmentId));
    const cell = identity.cells.find((planned) => planned.cellId === cellId)!;
    await Promise.all(
      episodeIds.map((episodeId) => {
        const record = buildEpisode(cell, cell.episodeIds.indexOf(episodeId), { segmentId });
        return run.appendEpisode(record, buildAttempt());
      }),
    );
    await run.append(segmentEnded(cellId, { segmentId }));
  }
}

async function trajectoryIds(directory: string): Promise<string[]> {
  const ids = [];
  for await (const { trajectory } of readTrajectories(directory)) ids.push(trajectory.episodeId);
  return ids.sort();
}

test("a run is readable line by line as it was written, with its texts stored once", async () => {
  const identity = freshIdentity();
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await drive(run, identity);
  }
  const directory = join(scratch, identity.runId);
  const run = await readRun(directory);
  expect(run.identity).toEqual(identity);
  expect(run.warnings).toEqual([]);
  expect(run.records.map(({ type }) => type)).toEqual([
    "run-started",
    "segment-started",
    "episode",
    "episode",
    "segment-ended",
    "segment-started",
    "episode",
    "episode",
    "segment-ended",
  ]);
  const planned = identity.cells.flatMap(({ episodeIds }) => episodeIds).sort();
  expect([...finishedEpisodes(run.records).keys()].sort()).toEqual(planned);
  expect(await trajectoryIds(directory)).toEqual(planned);
  expect((await readdir(join(directory, "evidence", "texts"))).length).toBe(2);
  for await (const { trajectory } of readTrajectories(directory)) {
    const texts = new TextStore(directory);
    expect(await texts.get(trajectory.systemSha256)).toBe(transcript.system);
    expect(await texts.get(trajectory.toolsSha256)).toBe(transcript.tools);
    expect(trajectory.messages).toEqual(transcript.messages);
  }
  expect(await readdir(directory)).toEqual([
    "evidence",
    "logs",
    "records.jsonl",
    "report",
    "run.json",
    "trajectories.jsonl",
  ]);
});

test("for any prefix of records.jsonl a resumed run has each planned episode exactly once", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await drive(run, identity);
  }
  const whole = {
    records: await readFile(join(directory, "records.jsonl")),
    trajectories: await readFile(join(directory, "trajectories.jsonl")),
  };
  const planned = identity.cells.flatMap(({ episodeIds }) => episodeIds).sort();
  const cut = fc.record({
    records: fc.nat(whole.records.length),
    // A trajectory is on disk before its record: what can be missing of them is never more than of the records.
    extraTrajectoryBytes: fc.nat(whole.trajectories.length),
  });
  await fc.assert(
    fc.asyncProperty(cut, async ({ records, extraTrajectoryBytes }) => {
      const kept = whole.records.subarray(0, records);
      const episodes = kept.toString().split('"type":"episode"').length - 1;
      const needed = nthLineEnd(whole.trajectories, episodes);
      await writeFile(join(directory, "records.jsonl"), kept);
      await writeFile(
        join(directory, "trajectories.jsonl"),
        whole.trajectories.subarray(0, Math.max(needed, extraTrajectoryBytes)),
      );
      {
        const { run } = await RunDirectory.resume(directory, { pid: process.pid });
        await using _ = run;
        await drive(run, identity);
      }
      const after = await readRun(directory);
      expect(after.warnings).toEqual([]);
      const ids = after.records.flatMap((record) => (record.type === "episode" ? [record.episodeId] : []));
      expect(ids.sort()).toEqual(planned);
      expect(await trajectoryIds(directory)).toEqual(planned);
    }),
    { numRuns: 60, examples: [[{ records: 0, extraTrajectoryBytes: 0 }]] },
  );
});

function nthLineEnd(bytes: Buffer, lines: number): number {
  let end = 0;
  for (let line = 0; line < lines; line += 1) end = bytes.indexOf(0x0a, end) + 1;
  return end;
}

test("a torn last line is left out with a warning; resume cuts it off", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await drive(run, identity);
  }
  const file = join(directory, "records.jsonl");
  const whole = await readFile(file);
  await appendFile(file, '{"v":1,"type":"epis');
  const { warnings, records } = await readRun(directory);
  expect(warnings).toEqual([
    { file, line: 10, message: "the last line is torn (19 bytes without a newline) and was left out" },
  ]);
  expect(records.length).toBe(9);
  const { run, stored } = await RunDirectory.resume(directory, { pid: process.pid });
  await run[Symbol.asyncDispose]();
  expect(stored.warnings).toEqual(warnings);
  expect(await readFile(file)).toEqual(whole);
});

test.each([
  ["a line that is not JSON", "{oops}\n", /records\.jsonl:2 cannot be read: .*JSON/],
  ["a record of another version", '{"v":2,"type":"run-ended"}\n', /records\.jsonl:2 cannot be read/],
  ["an unknown record", '{"v":1,"type":"surprise"}\n', /records\.jsonl:2 cannot be read/],
  ["bytes that are not UTF-8", Buffer.from([0xff, 0x0a]), /records\.jsonl:2 cannot be read: it is not UTF-8/],
])("%s in the middle is an error with file and line", async (_, line, message) => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await run.append(runStarted(identity));
  }
  const file = join(directory, "records.jsonl");
  await appendFile(file, line);
  await appendFile(file, `${JSON.stringify(runStarted(identity))}\n`);
  const failure = readRun(directory);
  await expect(failure).rejects.toThrow(RunUnreadableError);
  await expect(failure).rejects.toThrow(message);
});

test("a second driver of the same run is refused, a dead one is not in the way", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  const run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  expect(await readFile(join(directory, "driver.pid"), "utf8")).toBe(`${process.pid}\n`);
  await expect(RunDirectory.resume(directory, { pid: process.ppid })).rejects.toThrow(
    `is being written by process ${process.pid}`,
  );
  await run[Symbol.asyncDispose]();
  // The pid of a process that cannot be: above the system's limit.
  await writeFile(join(directory, "driver.pid"), "99999999\n");
  const resumed = await RunDirectory.resume(directory, { pid: process.pid });
  await resumed.run[Symbol.asyncDispose]();
});

test("a folder that is no run directory is refused and left untouched", async () => {
  const empty = await mkdtemp(join(scratch, "empty-"));
  await expect(RunDirectory.resume(empty, { pid: process.pid })).rejects.toThrow(/is not a run directory/);
  expect(await readdir(empty)).toEqual([]);
});

test("compressed trajectories read the same, and a run can be continued after compression", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await drive(run, identity);
  }
  const before = await readFile(join(directory, "trajectories.jsonl"));
  const ids = await trajectoryIds(directory);
  await compressLog(directory, "trajectories.jsonl");
  expect((await readdir(directory)).filter((name) => name.startsWith("trajectories"))).toEqual([
    "trajectories.jsonl.zst",
  ]);
  expect(await trajectoryIds(directory)).toEqual(ids);
  const { run } = await RunDirectory.resume(directory, { pid: process.pid });
  await run[Symbol.asyncDispose]();
  expect(await readFile(join(directory, "trajectories.jsonl"))).toEqual(before);
});

test("a changed text is noticed", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await drive(run, identity);
  }
  const texts = join(directory, "evidence", "texts");
  const [name] = await readdir(texts);
  await truncate(join(texts, name!), 3);
  await expect(new TextStore(directory).get(name!.slice(0, 64))).rejects.toThrow(/was changed/);
});

test("progress tells what is done, what is left and how long it takes", async () => {
  const identity = freshIdentity();
  const directory = join(scratch, identity.runId);
  const [raw, gateway] = identity.cells;
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    await run.append(segmentStarted(raw!.cellId));
    await run.appendEpisode(buildEpisode(raw!, 0), buildAttempt());
    const failure = { class: "engine", message: "connection reset" };
    await run.appendEpisode(
      buildEpisode(raw!, 1, { status: "failed", reward: null, failure }),
      buildAttempt(),
    );
    await run.append(segmentEnded(raw!.cellId));
    const summary = { verdict: "valid" };
    await run.append({ v: 1, type: "cell", cellId: raw!.cellId, at: "2026-11-21T12:00:12.000Z", summary });
    await run.append(segmentStarted(gateway!.cellId));
  }
  const progress = progressOf(await readRun(directory), true);
  expect(progress).toEqual({
    runId: identity.runId,
    simulated: true,
    state: "running",
    plannedEpisodes: 4,
    finishedEpisodes: 2,
    episodesByStatus: { completed: 1, failed: 1, "timed-out": 0, cancelled: 0 },
    failuresByClass: { engine: 1 },
    cells: [
      {
        cellId: raw!.cellId,
        arm: "raw",
        load: "closed:1",
        state: "complete",
        planned: 2,
        finished: 2,
        failed: 1,
        verdict: "valid",
      },
      {
        cellId: gateway!.cellId,
        arm: "gateway",
        load: "closed:1",
        state: "running",
        planned: 2,
        finished: 0,
        failed: 0,
        verdict: null,
      },
    ],
    episodesPerMinute: 6,
    etaSeconds: 20,
  });
  expect(progressOf(await readRun(directory), false).state).toBe("interrupted");
});
