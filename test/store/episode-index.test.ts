import * as fc from "fast-check";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { crc32, zstdCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { openEpisodeIndex, readOutcomes, type EpisodeIndex } from "../../bench/store/episode-index.ts";
import { failedToRepeat } from "../../bench/store/failed-episodes.ts";
import { nextCommand } from "../../bench/store/next-command.ts";
import { progressOf, type RunOutcomes } from "../../bench/store/progress.ts";
import { readRun } from "../../bench/store/read-run.ts";
import { hasPassed } from "../../bench/store/passed.ts";
import type { EpisodeRecord, RunRecord } from "../../bench/store/record.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";
import { buildCall, buildRecorded } from "../export/recorded-builder.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  segmentEnded,
  segmentStarted,
} from "./run-builder.ts";

const scratch = mkdtempSync(join(tmpdir(), "tollgate-index-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
function newRun(...records: readonly RunRecord[]): string {
  const directory = mkdtempSync(join(scratch, `${(folders += 1)}-`));
  writeFileSync(join(directory, "records.jsonl"), records.map(lineOf).join(""));
  writeFileSync(join(directory, "run.json"), JSON.stringify(buildIdentity({ cells: [cell] })));
  return directory;
}

const lineOf = (value: unknown) => `${JSON.stringify(value)}\n`;
const cell = plannedCell("gateway", 5);
const episode = (index: number, overrides: Partial<EpisodeRecord> = {}) => {
  const record = buildEpisode(cell, index, overrides);
  return { ...record, attemptKey: `${record.episodeId}-${record.segmentId}` };
};
const failed = {
  status: "failed",
  reward: null,
  termination: null,
  failure: { class: "engine", message: "503" },
} as const;

/** What an index must say, from the records themselves. */
function expectedOf(records: readonly RunRecord[]): readonly unknown[] {
  const last = new Map<string, EpisodeRecord>();
  for (const record of records)
    if (record.type === "episode" && record.status !== "cancelled") last.set(record.episodeId, record);
  return [...last.values()].map((record) => ({
    ...factsOf(record),
    failure: record.failure?.class ?? null,
    passed: hasPassed(record),
    explained: (record.failure?.message ?? record.terminationDetail ?? null) !== null,
  }));
}

function factsOf(record: EpisodeRecord): Partial<EpisodeRecord> {
  const {
    v: _v,
    type: _type,
    attemptKey: _key,
    seed: _seed,
    agent: _agent,
    simulated: _simulated,
    ...rest
  } = record;
  const { rewardBasis: _basis, userUsage: _usage, sessionMs: _session, scores: _scores, ...row } = rest;
  const { terminationDetail: _detail, retries: _retries, loggedTokens: _tokens, ...facts } = row;
  return facts;
}

async function saidBy(index: EpisodeIndex): Promise<readonly unknown[]> {
  await index.refresh();
  return [...index.rows()].map(({ recordByte: _byte, recordBytes: _bytes, ...row }) => row);
}

const outcomes: readonly Partial<EpisodeRecord>[] = [
  { reward: 1 },
  { reward: 0, labels: ["prompt-rewritten", "judged"], termination: "max_steps" },
  { reward: null, cachedTokens: null, promptTokens: null },
  { reward: 0, terminationDetail: "the agent gave up" },
  failed,
  { status: "timed-out", reward: 0.5, segmentId: "s1" },
  { status: "cancelled", reward: null },
];

/** Whatever happens to `records.jsonl` in its life. */
type Step =
  | { readonly what: "episode"; readonly index: number; readonly outcome: number }
  | { readonly what: "started" | "ended" | "torn" | "cut torn" | "take back" | "keep" };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("episode" as const),
      index: fc.nat({ max: 4 }),
      outcome: fc.nat({ max: outcomes.length - 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom("started", "ended", "torn", "cut torn", "take back", "keep"),
    }),
  },
);

async function progressSaid(run: RunOutcomes): Promise<unknown> {
  const { warnings, records } = run;
  const again = failedToRepeat(records, { failures: 1, failedShare: 0.2 }).map(({ episodeId }) => episodeId);
  return {
    warnings,
    again,
    next: nextCommand(run),
    now: progressOf(run, false),
    alive: progressOf(run, true),
  };
}

test("an index that is kept open, one from its cache and one made anew say what the records say, whatever was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const directory = newRun();
      const path = join(directory, "records.jsonl");
      const open = await openEpisodeIndex(directory, 1);
      let records: RunRecord[] = [];
      let torn = 0;
      for (const { what, ...of } of steps) {
        if (what === "torn" && torn === 0) {
          const half = lineOf(episode(3, { reward: 0.25 })).slice(0, 100);
          appendFileSync(path, half);
          torn = half.length;
        } else if (torn > 0 && what !== "keep") {
          truncateSync(path, readFileSync(path).length - torn);
          torn = 0;
        }
        if (what === "episode" && "index" in of) records.push(episode(of.index, outcomes[of.outcome]));
        const segmentId = `s${records.length % 3}`;
        if (what === "started") records.push(segmentStarted(cell.cellId, segmentId));
        if (what === "ended") records.push(segmentEnded(cell.cellId, { segmentId, reason: "interrupted" }));
        if (what === "take back") records = records.slice(0, -1);
        if (what === "keep") await openEpisodeIndex(directory, 1);
        if (torn === 0) writeFileSync(path, records.map(lineOf).join(""));
        const expected = expectedOf(records);
        expect(await saidBy(open)).toEqual(expected);
        expect(await saidBy(await openEpisodeIndex(directory, Number.POSITIVE_INFINITY))).toEqual(expected);
        expect(await progressSaid(await readOutcomes(directory))).toEqual(
          await progressSaid(await readRun(directory)),
        );
      }
      rmSync(join(directory, "episodes.index"), { force: true });
      expect(await saidBy(await openEpisodeIndex(directory))).toEqual(expectedOf(records));
    }),
    { numRuns: 60 },
  );
});

test("a cache of other records, of another layout or with a flipped bit is not believed", async () => {
  const directory = newRun(episode(0), episode(1, { reward: 0 }));
  const cache = join(directory, "episodes.index");
  await openEpisodeIndex(directory, 1);
  const kept = readFileSync(cache);
  // As long as before, and another reward in the middle.
  writeFileSync(
    join(directory, "records.jsonl"),
    [episode(0, { reward: 0 }), episode(1, { reward: 0 })].map(lineOf).join(""),
  );
  expect([...(await openEpisodeIndex(directory)).rows()].map(({ reward }) => reward)).toEqual([0, 0]);
  for (const damage of [kept.subarray(0, 20), Buffer.alloc(0), Buffer.from(kept).fill(7, 0, 4)]) {
    writeFileSync(cache, damage);
    expect((await openEpisodeIndex(directory)).count).toBe(2);
  }
  for (let at = 4; at < kept.length; at += 97) {
    const flipped = Buffer.from(kept);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    writeFileSync(cache, flipped);
    expect((await openEpisodeIndex(directory)).count).toBe(2);
  }
});

test("a cache in a form that only another version of Node writes is not believed", async () => {
  const directory = newRun(episode(0), episode(1));
  const cache = join(directory, "episodes.index");
  await openEpisodeIndex(directory, 1);
  for (const body of [Buffer.from([0xff, 0x7f, 0x6f]), serialize("columns"), serialize({ episodes: 1 })]) {
    const head = Buffer.from(readFileSync(cache).subarray(0, 8));
    head.writeUInt32LE(crc32(body), 4);
    writeFileSync(cache, Buffer.concat([head, body]));
    expect((await openEpisodeIndex(directory)).count).toBe(2);
  }
});

test("a small run gets no cache", async () => {
  const directory = newRun(segmentStarted(cell.cellId), episode(0), segmentEnded(cell.cellId));
  expect((await openEpisodeIndex(directory)).count).toBe(1);
  expect(existsSync(join(directory, "episodes.index"))).toBe(false);
});

test("record, trajectory and tokens of a row are read from where they stand, of the attempt that counts", async () => {
  const [first, again] = [episode(0, { reward: 0 }), episode(0, { segmentId: "s1" })];
  const other = episode(1);
  const directory = newRun(first, other, again);
  const line = (of: typeof first) => lineOf(trajectoryOf(of, buildAttempt(of.attemptKey)).trajectory);
  const tokensLine = lineOf({
    ...buildRecorded([buildCall()]),
    episodeId: again.episodeId,
    attemptKey: again.attemptKey,
  });
  const logs = { trajectories: [first, other, again].map(line).join(""), tokens: tokensLine };
  for (const compressed of [false, true]) {
    for (const [name, text] of Object.entries(logs)) {
      rmSync(join(directory, `${name}.jsonl`), { force: true });
      if (compressed) writeFileSync(join(directory, `${name}.jsonl.zst`), zstdCompressSync(text));
      else writeFileSync(join(directory, `${name}.jsonl`), text);
    }
    const index = await openEpisodeIndex(directory);
    expect(index.rowOf(first.episodeId)).toBe(0);
    expect(await index.record(0)).toEqual(again);
    expect(await index.record(1)).toEqual(other);
    expect(await index.trajectory(0)).toMatchObject({ segmentId: "s1", attemptKey: again.attemptKey });
    expect(await index.trajectory(1)).toMatchObject({ episodeId: other.episodeId });
    expect(await index.recordedTokens(0)).toMatchObject({ attemptKey: again.attemptKey });
    expect(await index.recordedTokens(1)).toBeNull();
    expect(index.rowOf("0000000000000000")).toBeNull();
  }
});

test("a trajectory is found behind one that was cut off and overwritten, and one whose names stand elsewhere", async () => {
  const [lost, kept, late] = [episode(0), episode(1), episode(2)];
  const directory = newRun(kept);
  const path = join(directory, "trajectories.jsonl");
  const line = (of: typeof lost) => lineOf(trajectoryOf(of, buildAttempt(of.attemptKey)).trajectory);
  writeFileSync(path, line(kept) + line(lost));
  const index = await openEpisodeIndex(directory);
  expect(await index.trajectory(0)).toMatchObject({ episodeId: kept.episodeId });
  const { v, ...rest } = trajectoryOf(late, buildAttempt(late.attemptKey)).trajectory;
  writeFileSync(path, line(kept) + lineOf({ note: "x".repeat(700), ...rest, v }));
  appendFileSync(join(directory, "records.jsonl"), lineOf(late));
  await index.refresh();
  expect(await index.trajectory(1)).toMatchObject({ episodeId: late.episodeId });
  expect(await index.trajectory(0)).toMatchObject({ episodeId: kept.episodeId });
});

test("rewards are the judge's for the attempt that was judged, also when it is asked while the index is open", async () => {
  const [judged, other] = [episode(0, { reward: null, labels: ["unjudged"] }), episode(1)];
  const directory = newRun(judged, other);
  const index = await openEpisodeIndex(directory);
  const judgement = (attemptKey: string) => ({
    v: 1,
    episodeId: judged.episodeId,
    attemptKey,
    at: "2026-11-21T12:00:00.000Z",
    model: "judge",
    url: "http://judge",
    entries: [],
    complete: true,
    reward: 1,
    rewardInfo: { reward: 1 },
  });
  const path = join(directory, "judgements.jsonl");
  writeFileSync(path, lineOf(judgement("of another attempt")));
  expect(await index.refresh()).toBe(true);
  expect(index.row(0)).toMatchObject({ reward: null, labels: ["unjudged"] });
  appendFileSync(path, lineOf(judgement(judged.attemptKey)));
  await index.refresh();
  expect(index.row(0)).toMatchObject({ reward: 1, labels: ["judged"] });
  expect(await index.record(0)).toMatchObject({ reward: 1, labels: ["judged"] });
  expect(index.row(1)).toMatchObject({ reward: 1, labels: [] });
  expect(await index.refresh()).toBe(false);
});

test("a damaged line is named, not left out", async () => {
  const directory = newRun(episode(0), episode(1));
  const path = join(directory, "records.jsonl");
  writeFileSync(path, readFileSync(path, "utf8").replace('"status":"completed"', '"status":"done"'));
  await expect(openEpisodeIndex(directory)).rejects.toThrow(`${path}:1 cannot be read`);
});
