import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { StartError } from "../../bench/errors.ts";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";
import { liveProcess } from "../../bench/host/process-table.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const readySchema = z.object({ url: z.string(), pid: z.number() });
const ready = 'console.log(JSON.stringify({ url: "http://x", pid: process.pid }));';

function start(script: string, more: { startTimeoutMs?: number; stopGraceMs?: number; log?: string } = {}) {
  return spawnManaged(process.execPath, {
    name: "fixture",
    args: ["-e", script],
    environment: { PATH: "/usr/bin:/bin", TOLLGATE_RUN: "test" },
    logFile: join(directory, more.log ?? "fixture.log"),
    readySchema,
    startTimeoutMs: more.startTimeoutMs ?? 20_000,
    stopGraceMs: more.stopGraceMs ?? 5_000,
  });
}

test("returns the ready line, logs both streams, and stops with SIGTERM", async () => {
  const script = `${ready} console.log("out"); console.error("err"); setInterval(() => {}, 1000);`;
  const managed = await start(script, { log: "both.log" });
  expect(managed.ready).toEqual({ url: "http://x", pid: managed.pid });
  while (!readFileSync(join(directory, "both.log"), "utf8").includes("out")) await sleep(10);
  expect(managed.lastLogLines(3).split("\n").sort()).toEqual(
    [JSON.stringify(managed.ready), "err", "out"].sort(),
  );
  expect(await managed.stop()).toEqual({ code: null, signal: "SIGTERM" });
  expect(await managed.stop()).toEqual({ code: null, signal: "SIGTERM" });
  expect(liveProcess(managed.pid)).toBeNull();
});

test("kills a group whose leader ignores SIGTERM, with its children", async () => {
  const script = `process.on("SIGTERM", () => {});
    const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    console.log(JSON.stringify({ url: String(c.pid), pid: process.pid })); setInterval(() => {}, 1000);`;
  const managed = await start(script, { stopGraceMs: 200 });
  expect(await managed.stop()).toEqual({ code: null, signal: "SIGKILL" });
  while (liveProcess(Number(managed.ready.url)) !== null) await sleep(10);
});

test.each([
  [
    "ends early",
    'console.error("no port"); process.exit(3);',
    /^fixture ended before it was ready \(exit code 3, signal none\)\. Log: .*no port$/s,
  ],
  ["is late", "setInterval(() => {}, 1000);", /^fixture was not ready after 1500 ms/],
  [
    "says something else",
    'console.log("hello"); setInterval(() => {}, 1000);',
    /^fixture printed a first line that is no ready line: hello/,
  ],
])("a program that %s is a StartError that tells", async (what, script, message) => {
  const starting = start(script, { startTimeoutMs: what === "is late" ? 1_500 : 20_000, log: `${what}.log` });
  await expect(starting).rejects.toThrow(StartError);
  await expect(starting).rejects.toThrow(message);
});

test("a program that does not exist is a StartError", async () => {
  const options = {
    name: "ghost",
    args: [],
    environment: {},
    logFile: join(directory, "ghost.log"),
    readySchema,
    startTimeoutMs: 1_000,
  };
  await expect(spawnManaged("/does/not/exist", options)).rejects.toThrow(
    /ghost could not be started: .*ENOENT/,
  );
});

test("tells its keeper of the child's start and end", async () => {
  const events: string[] = [];
  const managed = await spawnManaged(process.execPath, {
    name: "kept",
    args: ["-e", `${ready} setInterval(() => {}, 1000);`],
    environment: {},
    logFile: join(directory, "kept.log"),
    readySchema,
    startTimeoutMs: 20_000,
    keeper: { watch: (pid) => events.push(`watch ${pid}`), unwatch: (pid) => events.push(`unwatch ${pid}`) },
  });
  process.kill(managed.pid, "SIGKILL");
  expect(await managed.exited).toEqual({ code: null, signal: "SIGKILL" });
  await managed.stop();
  expect(events).toEqual([`watch ${managed.pid}`, `unwatch ${managed.pid}`]);
});
