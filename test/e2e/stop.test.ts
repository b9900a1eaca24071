import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLine, slowStack, Workplace, unchecked } from "./small-experiment.ts";
import {
  episodesOf,
  expectExit,
  pause,
  processesOf,
  readRecords,
  tollgate,
  TollgateProcess,
} from "./tollgate-process.ts";

const minutes = 60_000;
/** Six episodes of some seconds each, one after the other: there is always one in flight. */
const slow = {
  stack: slowStack,
  arms: [{ kind: "raw" }],
  workload: { domain: "library", tasks: { count: 6 } },
  sweep: { concurrency: [1] },
};

/** The sweep, its run directory, and one finished episode with the next in flight. */
async function underWay(
  place: Workplace,
): Promise<{ readonly driver: TollgateProcess; readonly run: string }> {
  const driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await driver.until(() => existsSync(join(run, "records.jsonl")) && episodesOf(run).length > 0, {
    what: "a first episode",
  });
  return { driver, run };
}

function expectNothingLeft(place: Workplace, run: string): void {
  expect([processesOf(run.slice(run.lastIndexOf("/") + 1)), place.scratch()]).toEqual([[], []]);
  expect(existsSync(join(run, "driver.pid"))).toBe(false);
}

test(
  "SIGINT drains and exits 130; the run goes on later; SIGHUP does no harm",
  async () => {
    using place = new Workplace({ ...slow, workload: { domain: "library", tasks: { count: 4 } } });
    const { driver, run } = await underWay(place);
    await using _driver = driver;
    driver.child.kill("SIGHUP");
    await pause(200);
    const before = episodesOf(run).length;
    driver.child.kill("SIGINT");
    const stopped = await driver.finished();
    expectExit(stopped, 130);
    expect(lastLine(stopped)).toBe(run);
    expect(stopped.stderr).toContain("episodes in flight run to their end");
    const kept = episodesOf(run).length;
    expect([kept >= before, kept < 4]).toEqual([true, true]);
    expect(readRecords(run).at(-1)).toMatchObject({ reason: "interrupted", exitCode: 130 });
    expect(readRecords(run).findLast(({ type }) => type === "segment-ended")).toMatchObject({
      reason: "interrupted",
      drained: true,
    });
    expectNothingLeft(place, run);
    expect(stopped.stdout).toContain(`Go on    tollgate resume ${run}`);
    // It needs neither the file nor what was given with it.
    rmSync(place.file);
    const resumed = await tollgate(["resume", run], place.environment);
    expect(lastLine(resumed)).toBe(run);
    expect(new Set(episodesOf(run).map(({ episodeId }) => episodeId)).size).toBe(4);
    expect(episodesOf(run)).toHaveLength(4);
  },
  6 * minutes,
);

test(
  "a second SIGINT cancels what is in flight: no record of it, and the run can go on",
  async () => {
    const engine = { ...slowStack.agent, decodeStepMs: 1_000 };
    using place = new Workplace({ ...slow, stack: { kind: "embedded", agent: engine, user: engine } });
    await using driver = place.start(...unchecked);
    const run = await driver.runDirectory();
    await driver.until(() => driver.stderr.includes("cell 1/1"), { what: "a first cell" });
    await pause(1_000);
    driver.child.kill("SIGINT");
    await driver.until(() => driver.stderr.includes("Stopping"), { what: "a drain" });
    expect(driver.ended).toBe(false);
    driver.child.kill("SIGINT");
    const stopped = await driver.finished();
    expectExit(stopped, 130);
    expect(lastLine(stopped)).toBe(run);
    expect(episodesOf(run)).toEqual([]);
    expectNothingLeft(place, run);
  },
  4 * minutes,
);

test(
  "SIGTERM drains and exits 143; a budget drains and exits 4",
  async () => {
    using place = new Workplace(slow);
    const { driver, run } = await underWay(place);
    await using _driver = driver;
    driver.child.kill("SIGTERM");
    const terminated = await driver.finished();
    expectExit(terminated, 143);
    expectNothingLeft(place, run);
    const limited = await place.sweep(...unchecked, "--resume", run, "--budget", "1s");
    expectExit(limited, 4);
    expect(lastLine(limited)).toBe(run);
    expect(episodesOf(run).length).toBeLessThan(6);
    expectNothingLeft(place, run);
  },
  6 * minutes,
);

test(
  "--detach outlives its starter; status, attach and stop find it; a second driver is refused",
  async () => {
    // So long that it has not ended when all these commands have, also where each takes seconds to start.
    const workload = { domain: "library", tasks: { count: 6 }, trials: 5 };
    using place = new Workplace({ ...slow, workload });
    const started = await place.sweep("--detach");
    expectExit(started, 0);
    const run = lastLine(started);
    const status = async () =>
      JSON.parse((await tollgate(["status", run, "--json"])).stdout) as { state: string };
    expect((await status()).state).toBe("running");
    const second = await place.sweep(...unchecked, "--resume", run);
    expectExit(second, 5);
    expect(second.stderr).toMatch(/is being written by process \d+.*tollgate attach/);
    await using attached = new TollgateProcess(["attach", run]);
    await attached.until(() => /running: cells 0\/1, episodes \d+\/30/.test(attached.stderr), {
      what: "progress",
    });
    attached.child.kill("SIGINT");
    await attached.finished();
    expect((await status()).state).toBe("running");
    const stop = await tollgate(["stop", run]);
    expectExit(stop, 0);
    expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "interrupted", exitCode: 4 });
    expect(existsSync(join(run, "logs", "driver.log"))).toBe(true);
    expectNothingLeft(place, run);
    const nobody = await tollgate(["stop", run]);
    expectExit(nobody, 2);
    expect(nobody.stderr).toContain("nothing to stop");

    place.write({ ...slow, workload: { ...workload, tasks: { count: 5 } } });
    const changed = await place.sweep(...unchecked, "--resume", run);
    expectExit(changed, 5);
    expect(changed.stderr).toMatch(/because this changed:\n {2}workload\.tasks\.count: 6 then, 5 now/);
  },
  6 * minutes,
);
