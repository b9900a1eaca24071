import * as fc from "fast-check";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dropOrphans, recordFinder } from "../../bench/store/orphan-lines.ts";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";
import { continued } from "../export/recorded-builder.ts";
import { buildAttempt, buildEpisode, plannedCell } from "./run-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-orphans-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cell = plannedCell("gateway", 6);
interface Attempt {
  readonly record: EpisodeRecord & { readonly attemptKey: string };
  readonly trajectory: string;
  readonly tokens: string;
}

function attempt(index: number, segmentId = "s0"): Attempt {
  const attemptKey = `a${index}-${segmentId}`;
  const record = { ...buildEpisode(cell, index, { segmentId }), attemptKey };
  const { trajectory } = trajectoryOf(record, buildAttempt(attemptKey));
  const { episodeId } = record;
  return {
    record,
    trajectory: `${JSON.stringify(trajectory)}\n`,
    tokens: `${JSON.stringify({ ...continued, episodeId, attemptKey })}\n`,
  };
}

const files = { trajectories: "trajectories.jsonl", tokens: "tokens.jsonl" } as const;

/** What the logs hold after the orphans were dropped, and the warnings by file and line. */
async function cut(
  logs: { readonly trajectories?: string; readonly tokens?: string },
  records: readonly EpisodeRecord[],
) {
  const directory = await mkdtemp(join(scratch, "run-"));
  const { trajectories = "", tokens = "" } = logs;
  await writeFile(join(directory, files.trajectories), trajectories);
  await writeFile(join(directory, files.tokens), tokens);
  const warnings = await dropOrphans(directory, records);
  return {
    trajectories: await readFile(join(directory, files.trajectories), "utf8"),
    tokens: await readFile(join(directory, files.tokens), "utf8"),
    warned: warnings.map(({ file, line }) => `${file.slice(directory.length + 1)}:${line}`),
  };
}

test("wherever the writer of an episode was killed: what was recorded stays, what was not is cut off", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(5), fc.double({ min: 0, max: 1, noNaN: true }), async (recorded, share) => {
      const attempts = Array.from({ length: recorded }, (_, index) => attempt(index));
      const next = attempt(recorded);
      // Tokens, trajectory and record are written in turn; the record never came.
      const written = Math.floor(share * (next.tokens.length + next.trajectory.length));
      const kept = {
        trajectories: attempts.map(({ trajectory }) => trajectory).join(""),
        tokens: attempts.map(({ tokens }) => tokens).join(""),
      };
      const found = await cut(
        {
          tokens: kept.tokens + next.tokens.slice(0, written),
          trajectories:
            kept.trajectories + next.trajectory.slice(0, Math.max(0, written - next.tokens.length)),
        },
        attempts.map(({ record }) => record),
      );
      expect(found).toMatchObject(kept);
      expect(found.warned).toHaveLength(Number(written > 0) + Number(written > next.tokens.length));
    }),
    { numRuns: 40 },
  );
});

test("an attempt that --redo replaced is recorded, so its lines stay", async () => {
  const [first, again] = [attempt(0), attempt(0, "s1")];
  const logs = { trajectories: first.trajectory + again.trajectory, tokens: first.tokens + again.tokens };
  expect(await cut(logs, [first.record, again.record])).toEqual({ ...logs, warned: [] });
});

test("a redo that was killed is an orphan although the episode has a result: the segment tells them apart", async () => {
  const [first, again] = [attempt(0), attempt(0, "s1")];
  const found = await cut(
    { trajectories: first.trajectory + again.trajectory, tokens: first.tokens + again.tokens },
    [first.record],
  );
  expect(found).toEqual({
    trajectories: first.trajectory,
    tokens: first.tokens,
    warned: ["trajectories.jsonl:2", "tokens.jsonl:2"],
  });
});

test("an orphan before a recorded line is left where it is: cutting there would lose the recorded one", async () => {
  const [orphan, kept] = [attempt(0), attempt(1)];
  const logs = { trajectories: orphan.trajectory + kept.trajectory, tokens: orphan.tokens + kept.tokens };
  expect(await cut(logs, [kept.record])).toEqual({ ...logs, warned: [] });
});

test("the record of a trajectory: of its own segment, the one that counts, and none for a cancelled attempt", () => {
  const [first, again, cancelled] = [attempt(0), attempt(0, "s1"), attempt(1)];
  const recordOf = recordFinder([first.record, again.record, { ...cancelled.record, status: "cancelled" }]);
  const find = ({ record }: Attempt) =>
    recordOf(trajectoryOf(record, buildAttempt(record.attemptKey)).trajectory);
  expect(find(first)).toBeNull();
  expect(find(again)).toBe(again.record);
  expect(find(cancelled)).toBeNull();
  expect(find(attempt(5))).toBeNull();
});
