import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ends, Engine, placeOn, tasks } from "./restarted-engine.ts";
import { lastLine, sound, unchecked } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const withoutEpisode = ["--skip-preflight", "episode"];

test("an engine that fails a third of the episodes: failing, exit code 1, no pass rate, repaired by --resume", async () => {
  await using agent = new Engine("agent");
  await using user = new Engine("user");
  await agent.start(...tasks, "--fault", "http-500=0.12", "--seed", "3");
  await user.start(...tasks);
  using place = placeOn(agent, user, { limits: { failures: 0 } });
  const failing = await place.sweep(...unchecked);
  const run = lastLine(failing);
  expectExit(failing, 1);
  expect(ends(run)["failed"]).toBeGreaterThan(2);
  expect(failing.stdout).toMatch(/24\/24 episodes, \d+ failed/);
  expect(failing.stdout).toContain("NOT USABLE");
  expect(failing.stderr).toMatch(
    /\d+ episodes failed: engine, first: .*status 500.*\nTo run the \d+ failed episodes again: tollgate resume /,
  );
  const cells = Object.values(cellSummaries(run));
  expect(cells.map(({ verdict }) => verdict)).toContain("failing");
  const status = await tollgate(["status", run]);
  expect(status.stdout).toMatch(/To run the \d+ failed episodes again/);

  await agent.kill();
  await agent.start(...tasks);
  expectExit(await place.sweep("--resume", run, "--redo", "failed", ...withoutEpisode), 0);
  expect(ends(run)).toEqual({ completed: 24 });
  expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toEqual([sound, sound]);
  expect(readFileSync(join(run, "report/report.md"), "utf8")).toMatch(
    /repaired: rates and times are those of \d+ of 12 episodes/,
  );
}, 120_000);

test("an engine that is killed in the middle: the run is given up, what was finished is kept, --resume does the rest", async () => {
  await using agent = new Engine("agent");
  await using user = new Engine("user");
  await agent.start(...tasks);
  await user.start(...tasks);
  using place = placeOn(agent, user);
  await using driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await driver.until(() => episodesOf(run).length >= 3, { what: "three episodes" });
  await agent.kill();
  const given = await driver.finished();
  expectExit(given, 4);
  expect(given.stderr).toMatch(/in a row failed .*engine/);
  const before = ends(run);
  expect(before["completed"]).toBeGreaterThanOrEqual(3);

  await agent.start(...tasks);
  const repaired = await place.sweep("--resume", run);
  expectExit(repaired, 0);
  expect(ends(run)).toEqual({ completed: 24 });
  expect(cellSummaries(run)).toMatchObject({
    "c2-r0-gateway": { verdict: sound },
    "c2-r0-raw": { verdict: sound },
  });
}, 120_000);
