import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCollection } from "../../bench/export/collection.ts";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { readJudgedRun } from "../../bench/store/judgements.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "../store/run-builder.ts";
import { continued, type Recorded } from "./recorded-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-collection-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

type Attempt = readonly [episode: number, parts: Partial<EpisodeRecord>, recorded?: Recorded];
const failed = { status: "failed", reward: null, failure: { class: "engine", message: "gone" } } as const;
let runs = 0;

async function collected(attempts: readonly Attempt[], options: Parameters<typeof readCollection>[1]) {
  const cell = plannedCell("gateway", 8);
  const identity = buildIdentity({ runId: `run-${(runs += 1)}`, cells: [cell] });
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    for (const [index, [episode, parts, recorded = null]] of attempts.entries())
      await run.appendEpisode(buildEpisode(cell, episode, parts), buildAttempt(`a${index}`, recorded));
  }
  return readCollection(await readJudgedRun(join(scratch, identity.runId)), options);
}

test("tokens of a failed attempt, and of one that --redo replaced, are not counted as collected", async () => {
  const attempts: readonly Attempt[] = [
    [0, {}, continued],
    [0, { segmentId: "s1" }, continued],
    [1, failed, continued],
    [2, { status: "cancelled" }, continued],
    [3, {}],
  ];
  expect(await collected(attempts, { rewardMin: null, groupSize: 1 })).toMatchObject({
    finished: 3,
    trajectories: 2,
    withTokens: 1,
    generatedTokens: 5,
    processedTokens: 9,
    failures: new Map([["engine", 1]]),
    kept: null,
    groups: null,
  });
});

test("a group is complete only with every trial of one task; a failed trial and its neighbour's do not fill it", async () => {
  const attempts: readonly Attempt[] = [
    [0, { taskId: "a", trial: 0 }],
    [1, { taskId: "a", trial: 1 }],
    [2, { taskId: "a", trial: 2 }],
    [3, { taskId: "a", trial: 3, ...failed }],
    [4, { taskId: "b", trial: 1 }],
    [5, { taskId: "b", trial: 2 }],
  ];
  const { groups } = await collected(attempts, { rewardMin: null, groupSize: 2 });
  expect(groups).toEqual({ planned: 4, complete: 1 });
});

test("kept: the smallest reward is inclusive, and an unjudged trajectory is not a 0", async () => {
  const attempts: readonly Attempt[] = [
    [0, { reward: 0 }],
    [1, { reward: null }],
    [2, { reward: 0.5 }],
    [3, failed],
  ];
  expect(await collected(attempts, { rewardMin: 0, groupSize: 1 })).toMatchObject({ kept: 2, judged: 2 });
  expect(await collected(attempts, { rewardMin: 0.5, groupSize: 1 })).toMatchObject({ kept: 1 });
});

test("retries are summed over the episodes that count", async () => {
  const attempts: readonly Attempt[] = [
    [0, { retries: 2 }],
    [1, {}],
    [2, { retries: 1, ...failed }],
  ];
  expect((await collected(attempts, { rewardMin: null, groupSize: 1 })).retries).toBe(3);
});
