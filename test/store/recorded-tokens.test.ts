import { appendFile, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { readRecordedTokens, TokensBesideTrajectories } from "../../bench/store/recorded-tokens.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildCall, buildRecorded, continued } from "../export/recorded-builder.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "./run-builder.ts";

let scratch: string;
const cell = plannedCell("gateway", 4);
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-tokens-"));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const create = () =>
  RunDirectory.create(scratch, { identity: buildIdentity({ cells: [cell] }), pid: process.pid });

async function attemptKeys(directory: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { recorded } of readRecordedTokens(directory)) keys.push(recorded.attemptKey);
  return keys;
}

test("a run without a recording gateway has no tokens file", async () => {
  await using run = await create();
  await run.appendEpisode(buildEpisode(cell, 0), buildAttempt("a0"));
  expect(await readdir(run.path)).not.toContain("tokens.jsonl");
  expect(await attemptKeys(run.path)).toEqual([]);
});

test("tokens are found beside their trajectory, whichever of them have some", async () => {
  const { path } = await (async () => {
    await using run = await create();
    await run.appendEpisode(buildEpisode(cell, 0), buildAttempt("a0"));
    await run.appendEpisode(buildEpisode(cell, 1), buildAttempt("a1", continued));
    await run.appendEpisode(buildEpisode(cell, 2), buildAttempt("a2"));
    await run.appendEpisode(buildEpisode(cell, 3), buildAttempt("a3", buildRecorded([buildCall()])));
    return run;
  })();
  await compressLog(path, "tokens.jsonl");
  await using tokens = new TokensBesideTrajectories(path);
  const found = [];
  for (const key of ["a0", "a1", "a2", "a3"]) found.push((await tokens.of(key))?.calls.length ?? null);
  expect(found).toEqual([null, 2, null, 1]);
});

test("what a killed driver left behind the last record is cut off, from the compressed file too", async () => {
  const { path } = await (async () => {
    await using run = await create();
    await run.appendEpisode(buildEpisode(cell, 0), buildAttempt("a0", continued));
    return run;
  })();
  const whole = await readFile(join(path, "tokens.jsonl"), "utf8");
  await appendFile(join(path, "tokens.jsonl"), whole.replace('"a0"', '"a1"') + whole.slice(0, 40));
  await compressLog(path, "tokens.jsonl");
  const { run, stored } = await RunDirectory.resume(path, { pid: process.pid });
  await using _run = run;
  expect(await readFile(join(path, "tokens.jsonl"), "utf8")).toBe(whole);
  expect(stored.warnings.map(({ line, message }) => [line, message])).toEqual([
    [3, "the last line is torn (40 bytes without a newline) and was left out"],
    [2, "its episode was not recorded, so the line was dropped"],
  ]);
});

test("tokens of another shape than the contract's are refused before anything is written", async () => {
  await using run = await create();
  const wrong = buildRecorded([buildCall({ outputIds: [0.5] })]);
  await expect(run.appendEpisode(buildEpisode(cell, 0), buildAttempt("a0", wrong))).rejects.toThrow(
    "outputIds",
  );
  expect(await readFile(join(run.path, "trajectories.jsonl"), "utf8")).toBe("");
  expect(await readFile(join(run.path, "records.jsonl"), "utf8")).toBe("");
});
