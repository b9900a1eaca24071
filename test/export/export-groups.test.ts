import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportRun } from "../../bench/export/export-run.ts";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "../store/run-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-groups-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cells = [plannedCell("raw", 6), plannedCell("gateway", 6)];
let runs = 0;

async function runOf(episodes: readonly Partial<EpisodeRecord>[], parts: Partial<RunJson> = {}) {
  const identity = buildIdentity({ runId: `run-${(runs += 1)}`, cells, ...parts });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  for (const cell of cells)
    for (const [index, record] of episodes.entries())
      await run.appendEpisode(buildEpisode(cell, index, record), buildAttempt(`${cell.arm}-${index}`));
  return run.path;
}

async function exported(run: string) {
  const out = `${run}-out`;
  const manifest = await exportRun(run, { format: "jsonl", out });
  const text = await readFile(join(out, "trajectories.jsonl"), "utf8");
  const lines = text.split("\n").slice(0, -1);
  return { manifest, groups: lines.map((line) => (JSON.parse(line) as { groupId: string }).groupId) };
}

const trials = [0, 1, 2, 3].map((trial) => ({ taskId: "a", trial }));

test("trials of a task are compared in groups of the collected size, never across arms or tasks", async () => {
  const run = await runOf([...trials, { taskId: "b", trial: 0 }], {
    resolved: { collect: { groupSize: 2 } },
  });
  const { groups } = await exported(run);
  // Advantages are relative to the group: another arm's or task's reward must not move them.
  expect(groups.map((group) => groups.indexOf(group))).toEqual([0, 0, 2, 2, 4, 5, 5, 7, 7, 9]);
});

test("in a run that was not collected in groups all trials of a task and cell are one", async () => {
  const { groups } = await exported(await runOf(trials));
  expect(groups.map((group) => groups.indexOf(group))).toEqual([0, 0, 0, 0, 4, 4, 4, 4]);
});

test("an episode whose trajectory was cut out of the file by hand is counted as missing, so that all are accounted for", async () => {
  const run = await runOf(trials);
  const path = join(run, "trajectories.jsonl");
  const lines = (await readFile(path, "utf8")).split("\n");
  await writeFile(path, lines.toSpliced(1, 2).join("\n"));
  const { manifest } = await exported(run);
  expect(manifest.counts.trajectories).toBe(6);
  expect(manifest.exclusions).toEqual([
    { reason: "no trajectory in the file: it was cut or replaced by hand", count: 2 },
  ]);
});
