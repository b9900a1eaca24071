import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { lostTrajectories } from "../../bench/store/lost-trajectories.ts";
import { readRun } from "../../bench/store/read-run.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "./run-builder.ts";

const cell = plannedCell("raw", 4);

/** Places of the episodes that are lost after somebody did something to the file. */
async function lostAfter(damage: (path: string, directory: string) => unknown) {
  using folder = new TemporaryFolder();
  const identity = buildIdentity({ runId: "run-1", cells: [cell] });
  {
    await using run = await RunDirectory.create(folder.path, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    await writeSegment(run, { cell, episodes: [0, 1, 2, 3] });
  }
  const directory = join(folder.path, "run-1");
  await damage(join(directory, "trajectories.jsonl"), directory);
  const { episodes, message } = await lostTrajectories(directory, (await readRun(directory)).records);
  return { lost: episodes.map(({ episodeId }) => cell.episodeIds.indexOf(episodeId)), message };
}

const withoutLine = (index: number) => (path: string) =>
  writeFileSync(path, readFileSync(path, "utf8").split("\n").toSpliced(index, 1).join("\n"));

test("nothing is lost of a whole run, compressed or not", async () => {
  expect(await lostAfter(() => undefined)).toEqual({ lost: [], message: null });
  const compressed = await lostAfter(async (path, directory) => {
    await compressLog(directory, "trajectories.jsonl");
    expect(existsSync(path)).toBe(false);
  });
  expect(compressed.lost).toEqual([]);
});

test.each<[what: string, damage: (path: string) => unknown, lost: number[]]>([
  ["the file", (path) => rmSync(path), [0, 1, 2, 3]],
  ["everything in it", (path) => writeFileSync(path, ""), [0, 1, 2, 3]],
  ["a line in the middle", withoutLine(1), [1]],
  ["the end of the last line", (path) => writeFileSync(path, readFileSync(path, "utf8").trimEnd()), [3]],
])("%s is lost: count and file are named", async (_, damage, lost) => {
  const found = await lostAfter(damage);
  expect(found.lost).toEqual(lost);
  expect(found.message).toMatch(
    new RegExp(
      `^${lost.length} of 4 finished episodes have no trajectory .*trajectories.jsonl.*--redo failed`,
    ),
  );
});
