import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countBy, finishedEpisodes } from "../../bench/store/progress.ts";
import { lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  readRecords,
  tollgate,
  TollgateProcess,
} from "./tollgate-process.ts";

const data = "openclaw-tau2/data";
const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];

/** A simulated engine that is found at the same address when it is started again. */
class Engine {
  readonly #role: "agent" | "user";
  #port = "0";
  url = "";
  process: TollgateProcess | null = null;

  constructor(role: "agent" | "user") {
    this.#role = role;
  }

  async start(...args: readonly string[]): Promise<void> {
    const speed = ["--decode-step-ms", "0.2"];
    const started = new TollgateProcess([
      "simulate",
      "--role",
      this.#role,
      "--port",
      this.#port,
      ...speed,
      ...args,
    ]);
    await started.until(() => started.stdout.includes("\n"), { what: "a ready line" });
    this.url = (JSON.parse(started.stdout) as { url: string }).url;
    this.#port = new URL(this.url).port;
    this.process = started;
  }

  /** kill -9, as an out-of-memory killer does it. */
  async kill(): Promise<void> {
    await this.process?.[Symbol.asyncDispose]();
    this.process = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A sweep of 12 episodes a cell, straight and through the gateway, on two engines that run already. */
function placeOn(agent: Engine, user: Engine, changes: object = {}): Workplace {
  return new Workplace({
    stack: { kind: "attach", agent: { url: agent.url }, user: { url: user.url } },
    workload: { domain: "library", tasks: { count: 6 }, trials: 2 },
    ...changes,
  });
}

const withoutEpisode = ["--skip-preflight", "episode"];
/** What counts of the run's episodes, by status. */
const ends = (run: string) =>
  countBy([...finishedEpisodes(readRecords(run)).values()].map(({ status }) => status));
const report = async (run: string, format: string) =>
  (await tollgate(["report", run, "--format", format])).stdout;

test("a user's engine without the task data: found by the first episode, given up after five, repaired by --resume", async () => {
  await using agent = new Engine("agent");
  await using user = new Engine("user");
  await agent.start(...tasks);
  await user.start();
  using place = placeOn(agent, user);

  const asked = await tollgate(["preflight", place.file]);
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
  expect(given.stderr).toContain(`--resume ${run}`);
  expect(ends(run)["failed"]).toBeLessThanOrEqual(6);
  for (const format of ["table", "md", "html", "json"])
    expect(await report(run, format)).toContain("was not loaded");

  await user.kill();
  await user.start(...tasks);
  const repaired = await place.sweep("--resume", run);
  expectExit(repaired, 0);
  expect(ends(run)).toEqual({ completed: 24 });
  expect(cellSummaries(run)).toMatchObject({ "c2-r0-raw": { verdict: sound, episodes: { judged: 12 } } });
}, 120_000);

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
  expect(failing.stdout).toMatch(/24 of 24 episodes, \d+ of them failed/);
  expect(failing.stdout).toMatch(/\d+ of \d+ judged/);
  expect(failing.stderr).toMatch(
    /\d+ episodes failed: engine, first: .*status 500.*\nTo run the \d+ failed episodes again: .* --resume/,
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
