import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { ViewedRun } from "../../../bench/view/server/viewed-run.ts";
import { writeSegment } from "../../evidence/evidence-builder.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentStarted,
} from "../../store/run-builder.ts";
import { ViewedRuns } from "../viewed-runs.ts";

/** What the pages are told of a run, against what was written of it. */
let runs: ViewedRuns;
let number = 0;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
});
afterAll(() => runs[Symbol.asyncDispose]());

const raw = plannedCell("raw", 3);
const gateway = plannedCell("gateway", 3);

async function create(given: Parameters<typeof buildIdentity>[0] = {}): Promise<RunDirectory> {
  number += 1;
  const runId = `laptop-20261121T12${String(number).padStart(2, "0")}00Z-00000${number}`;
  const identity = buildIdentity({ cells: [raw, gateway], runId, ...given });
  const run = await RunDirectory.create(runs.folder, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  return run;
}

test("while it goes on: cells that run, that are planned, that are whole; the same object until something is written", async () => {
  await using run = await create();
  await writeSegment(run, {
    cell: raw,
    episodes: [0, 1, 2],
    record: (at) => ({ reward: at === 0 ? null : at - 1 }),
  });
  await run.append(segmentStarted(gateway.cellId));
  const viewed = await ViewedRun.open(run.path);
  const before = await viewed.facts();
  expect(before.state).toBe("running");
  expect(before.cells).toMatchObject([
    { state: "complete", finished: 3, judged: 2, passed: 1, failed: 0 },
    { state: "running", finished: 0, judged: 0 },
  ]);
  expect(await viewed.facts()).toBe(before);
  await run.appendEpisode(buildEpisode(gateway, 0), buildAttempt());
  const after = await viewed.facts();
  expect(after.version).not.toBe(before.version);
  expect(after.rows).toHaveLength(4);
  // Rows that are as they were are not kept twice.
  expect(after.rows[0]).toBe(before.rows[0]);
  expect(after.cells[1]).toMatchObject({ state: "running", finished: 1 });
});

test("an episode that is done again shows what it came to the second time, and a torn line nothing", async () => {
  const run = await create();
  await writeSegment(run, {
    cell: raw,
    episodes: [0],
    record: () => ({ status: "failed", reward: null, failure: { class: "engine", message: "status 500" } }),
  });
  const viewed = await ViewedRun.open(run.path);
  expect((await viewed.extras()).failures).toMatchObject([
    { failure: "engine", count: 1, message: "status 500" },
  ]);
  await writeSegment(run, { cell: raw, segmentId: "s1", episodes: [0] });
  await run[Symbol.asyncDispose]();
  await appendFile(join(run.path, "records.jsonl"), '{"v":1,"type":"episode","episodeId":"');
  const { rows, cells, state } = await viewed.facts();
  expect(rows.map(({ status, reward }) => [status, reward])).toEqual([["completed", 1]]);
  expect([cells[0]?.failed, state]).toEqual([0, "interrupted"]);
  expect((await viewed.extras()).failures).toEqual([]);
});

test("a summary of a cell is not shown once the cell is measured again", async () => {
  await using run = await create();
  await writeSegment(run, { cell: raw, episodes: [0, 1, 2] });
  const at = "2026-11-21T12:01:00.000Z";
  await run.append({
    v: 1,
    type: "cell",
    cellId: raw.cellId,
    at,
    summary: { verdict: "of a later version" },
  });
  const viewed = await ViewedRun.open(run.path);
  expect((await viewed.facts()).cells[0]).toMatchObject({ verdict: "of a later version", summary: null });
  await run.append(segmentStarted(raw.cellId, "s1"));
  expect((await viewed.facts()).cells[0]).toMatchObject({ verdict: null, state: "running" });
});

test("cells that a search decides on are there as soon as they are planned", async () => {
  await using run = await create({ cells: [], search: "capacity" });
  const viewed = await ViewedRun.open(run.path);
  expect((await viewed.facts()).cells).toEqual([]);
  await run.append({ v: 1, type: "cells-planned", at: "2026-11-21T12:00:01.000Z", cells: [raw] });
  expect((await viewed.facts()).cells.map(({ planned }) => planned.cellId)).toEqual([raw.cellId]);
});

test("what to do next is what `tollgate status` says, and nothing while it goes on", async () => {
  const run = await create();
  await writeSegment(run, { cell: raw, episodes: [0, 1, 2] });
  const viewed = await ViewedRun.open(run.path);
  expect((await viewed.extras()).next).toBeNull();
  await run[Symbol.asyncDispose]();
  expect((await viewed.extras()).next).toEqual({ why: "go on", command: `tollgate resume ${run.path}` });
});
