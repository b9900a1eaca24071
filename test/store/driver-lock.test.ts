import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { driverOf } from "../../bench/store/driver-lock.ts";
import { RunUnreadableError } from "../../bench/errors.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { tollgate } from "../e2e/tollgate-process.ts";
import { buildIdentity } from "./run-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-lock-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

test("the driver of a run is the process that writes it, and nobody when it is over", async () => {
  const { path } = await (async () => {
    await using run = await RunDirectory.create(scratch, { identity: buildIdentity(), pid: process.pid });
    expect(await driverOf(run.path)).toBe(process.pid);
    return run;
  })();
  expect(await driverOf(path)).toBe(null);
});

test.each([-3_600_000, 3_600_000])(
  "a step of the clock by %d ms lets no second driver in",
  async (stepMs) => {
    await using run = await RunDirectory.create(scratch, {
      identity: buildIdentity({ runId: `clock-20261121T120000Z-${stepMs < 0 ? "0a1b2c" : "0a1b2d"}` }),
      pid: process.pid,
    });
    // What a stepped clock does: the file is older, or younger, than the process that wrote it.
    const stepped = new Date(Date.now() + stepMs);
    await utimes(join(run.path, "driver.pid"), stepped, stepped);
    expect(await driverOf(run.path)).toBe(process.pid);
    await expect(RunDirectory.resume(run.path, { pid: process.pid })).rejects.toThrow(RunUnreadableError);
  },
);

test("`stop` on a copied run does not signal the stranger that has its pid now", async () => {
  await using run = await RunDirectory.create(scratch, {
    identity: buildIdentity({ runId: "copied-20261121T120000Z-0a1b2c" }),
    pid: process.pid,
  });
  const copy = join(scratch, "copy");
  cpSync(run.path, copy, { recursive: true });
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  const ended = once(stranger, "exit");
  // A copy is younger than the process, as its driver.pid would be.
  writeFileSync(join(copy, "driver.pid"), `${stranger.pid}\n`);
  expect(await driverOf(copy)).toBe(null);
  const stopped = await tollgate(["stop", copy]);
  expect(stopped).toMatchObject({ code: 2, stderr: expect.stringContaining("there is nothing to stop") });
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  stranger.kill("SIGKILL");
  await ended;
});
