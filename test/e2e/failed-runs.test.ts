import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ends, Engine, placeOn, tasks } from "./restarted-engine.ts";
import { lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, expectExit, tollgate } from "./tollgate-process.ts";

const report = async (run: string, format: string) =>
  (await tollgate(["report", run, "--format", format])).stdout;

test("a user's engine without the task data: found by the first episode, given up after five, repaired by --resume", async () => {
  await using agent = new Engine("agent");
  await using user = new Engine("user");
  await agent.start(...tasks);
  await user.start();
  using place = placeOn(agent, user);

  const asked = await tollgate(["preflight", place.file], place.environment);
  expectExit(asked, 3);
  expect(asked.stdout + asked.stderr).toMatch(/task .* failed after .*: user-engine: .*which was not loaded/);

  const given = await place.sweep();
  const run = lastLine(given);
  expectExit(given, 4);
  expect(given.stderr).toMatch(
    /preflight episode: warning: arm raw: task .* failed after .*: user-engine: .*which was not loaded/,
  );
  expect(given.stderr).toMatch(
    /tollgate: 5 episodes in a row failed \(limits\.failures\).*: 5 user-engine, the first in cell c2-r0-raw: .*not loaded/,
  );
  expect(given.stderr).toContain(`tollgate resume ${run}`);
  expect(ends(run)["failed"]).toBeLessThanOrEqual(6);
  for (const format of ["table", "md", "html", "json"])
    expect(await report(run, format)).toContain("was not loaded");

  await user.kill();
  await user.start(...tasks);
  const repaired = await tollgate(["resume", run], place.environment);
  expectExit(repaired, 0);
  expect(ends(run)).toEqual({ completed: 24 });
  expect(cellSummaries(run)).toMatchObject({ "c2-r0-raw": { verdict: sound, episodes: { judged: 12 } } });
});

test("a run that lost its trajectories is not gone on with, but --redo failed runs them again", async () => {
  using place = new Workplace({ arms: [{ kind: "raw" }] });
  const first = await place.sweep(...unchecked);
  const run = lastLine(first);
  expectExit(first, 0);
  rmSync(join(run, "trajectories.jsonl"));
  const refused = await place.sweep("--resume", run);
  expectExit(refused, 5);
  expect(refused.stderr).toMatch(/2 of 2 finished episodes have no trajectory .*--redo failed/);
  const again = await place.sweep("--resume", run, "--redo", "failed", ...unchecked);
  expectExit(again, 0);
  expect(readFileSync(join(run, "trajectories.jsonl"), "utf8").trim().split("\n")).toHaveLength(2);
});
