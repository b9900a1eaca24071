import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ConfigError } from "../../bench/errors.ts";
import { sendSignal } from "../../bench/host/signals.ts";
import { liveProcess } from "../../bench/host/process-table.ts";
import { findRunProcesses, terminateRun } from "../../bench/supervisor/run-processes.ts";
import { startSupervisor } from "../../bench/supervisor/supervisor.ts";
import { waitingShell } from "../../bench/supervisor/waiting-shell.ts";

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Driver {
  readonly process: ChildProcess;
  readonly runId: string;
  readonly scratch: string;
  readonly log: string;
  readonly supervisor: number;
  readonly children: readonly number[];
  readonly nextLine: () => Promise<unknown>;
}

async function startDriver(runId = `test-${randomUUID()}`): Promise<Driver> {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  const [scratch, log] = [join(directory, "scratch"), join(directory, "supervisor.log")];
  const driver = spawn(
    process.execPath,
    [join(import.meta.dirname, "fixtures/crashing-driver.ts"), runId, randomUUID(), scratch, log],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: driver.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => JSON.parse((await lines.next()).value as string) as unknown;
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  cleanUps.push(async () => {
    driver.kill("SIGKILL");
    await terminateRun({ runId }, { graceMs: 0, deadlineMs: 5_000 });
    // Those without the run's environment, should the supervisor have failed.
    for (const pid of started.children) sendSignal(pid, "SIGKILL");
  });
  const started = (await nextLine()) as { supervisor: number; children: number[] };
  return { process: driver, runId, scratch, log, nextLine, ...started };
}

const ascending = (a: number, b: number) => a - b;
const alive = (pids: readonly number[]) => pids.filter((pid) => liveProcess(pid) !== null);

/** Waits until none of the processes lives. */
async function untilGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => alive(pids)).toEqual([]);
}

test("nothing of a run outlives a driver that was killed with SIGKILL", async () => {
  const driver = await startDriver();
  expect(alive(driver.children)).toHaveLength(5);
  driver.process.kill("SIGKILL");
  await untilGone([...driver.children, driver.supervisor]);
  expect(findRunProcesses({ runId: driver.runId })).toEqual([]);
  expect(existsSync(driver.scratch)).toBe(false);
  const logged = JSON.parse(/\{.*\}/.exec(readFileSync(driver.log, "utf8"))?.[0] ?? "") as {
    ended: { pid: number }[];
  };
  expect(logged).toMatchObject({ runId: driver.runId, reason: "driver gone", left: [] });
  expect(logged.ended.map(({ pid }) => pid).sort(ascending)).toEqual(driver.children.toSorted(ascending));
});

test("what is found only after the deadline, on a machine that stood still, is ended all the same", async () => {
  const runId = `test-${randomUUID()}`;
  const child = spawn("sleep", ["60"], { env: { ...process.env, TOLLGATE_RUN: runId }, stdio: "ignore" });
  const { left } = await terminateRun({ runId }, { graceMs: 0, deadlineMs: 0 });
  cleanUps.push(() => void child.kill("SIGKILL"));
  expect(left).toEqual([]);
  expect(alive([child.pid ?? 0])).toEqual([]);
});

test("a run is ended by a process that cannot open a file at first", async () => {
  const runId = `test-${randomUUID()}`;
  const child = spawn("sleep", ["60"], { env: { ...process.env, TOLLGATE_RUN: runId }, stdio: "ignore" });
  cleanUps.push(() => void child.kill("SIGKILL"));
  const fixture = join(import.meta.dirname, "fixtures/without-descriptors.ts");
  const ending = spawn("bash", ["-c", `ulimit -n 200; exec "$0" "$@"`, process.execPath, fixture, runId], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(await text(ending.stdout)).toBe('{"ended":1,"left":0}');
  expect(alive([child.pid ?? 0])).toEqual([]);
});

test("a supervisor that was killed is replaced, and the next one knows what the first was told", async () => {
  const driver = await startDriver();
  const watching = () => readFileSync(driver.log, "utf8").split("watching").length - 1;
  while (watching() < 1) await sleep(20);
  process.kill(driver.supervisor, "SIGKILL");
  while (watching() < 2) await sleep(20);
  driver.process.kill("SIGKILL");
  await untilGone(driver.children);
  await expect.poll(() => existsSync(driver.scratch)).toBe(false);
});

test("a supervisor that waits takes little memory: what runs out of it ends others first", async () => {
  const driver = await startDriver();
  const megabytes = (pid: number) =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  expect(megabytes(driver.supervisor)).toBeLessThan(10);
  expect(megabytes(driver.process.pid ?? 0)).toBeGreaterThan(30);
});

test("a supervisor's program that is killed is started again, and told the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const dyingAtFirst = `[ -e "$0" ] || { : >"$0"; kill -9 $$; }; cat; echo; echo "$1"`;
  const program = ["sh", "-c", dyingAtFirst, join(folder, "was-killed")];
  const shell = spawn("sh", ["-c", waitingShell, "sh", "run-1", ...program], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(shell, "exit");
  // More than an argument of a program may have.
  const said = `${'{"op":"watch","pid":4194304,"startTicks":123456789}\n'.repeat(4_000)}and half a`;
  shell.stdin.end(said);
  expect(await text(shell.stdout)).toBe(`${said}\n${shell.pid}\n`);
  expect(await ended).toEqual([0, null]);
});

test("a terminal's signals do not end the supervisor", async () => {
  const driver = await startDriver();
  while (!readFileSync(driver.log, "utf8").includes("watching")) await sleep(20);
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.kill(driver.supervisor, signal);
  await sleep(300);
  expect(alive([driver.supervisor])).toEqual([driver.supervisor]);
  driver.process.kill("SIGKILL");
  await untilGone([...driver.children, driver.supervisor]);
});

test("a shutdown after a clean end reports nothing and removes the scratch directory", async () => {
  const driver = await startDriver();
  driver.process.stdin?.write("kill children, then shutdown\n");
  expect(await driver.nextLine()).toEqual({
    orphans: [],
    left: [],
    containers: [],
    containersFailure: null,
  });
  await untilGone([driver.supervisor]);
  expect(existsSync(driver.scratch)).toBe(false);
});

test("a shutdown names what the driver forgot, and ends it", async () => {
  const driver = await startDriver();
  driver.process.stdin?.write("shutdown\n");
  const report = (await driver.nextLine()) as { orphans: { pid: number }[]; left: unknown };
  expect(report.orphans.map(({ pid }) => pid).sort(ascending)).toEqual(driver.children.toSorted(ascending));
  expect(report.left).toEqual([]);
  expect(alive(driver.children)).toEqual([]);
});

test("the supervisor of a dead driver leaves its successor's children alone", async () => {
  const dead = await startDriver();
  const successor = await startDriver(dead.runId);
  dead.process.kill("SIGKILL");
  await untilGone([...dead.children, dead.supervisor]);
  expect(alive(dead.children)).toEqual([]);
  expect(alive(successor.children)).toEqual(successor.children);
});

test("a scratch directory that holds the working directory or the log is refused", () => {
  const options = { runId: "r", supervisorId: "s", logFile: join(tmpdir(), "x", "supervisor.log") };
  for (const scratchDirectory of ["/", process.cwd(), join(tmpdir(), "x"), "relative"]) {
    expect(() => startSupervisor({ ...options, scratchDirectory })).toThrow(ConfigError);
  }
});

test("a process is chosen by its run and its supervisor; a reused number and whoever cleans up are not", async () => {
  const runId = `choice-${randomUUID()}`;
  const start = (supervisorId: string) => {
    const env = { PATH: process.env["PATH"], TOLLGATE_RUN: runId, TOLLGATE_SUPERVISOR: supervisorId };
    const child = spawn("sleep", ["600"], { env, stdio: "ignore" });
    cleanUps.push(() => void child.kill("SIGKILL"));
    return child.pid ?? 0;
  };
  const [mine, successor] = [start("mine"), start("successor's")];
  const other = spawn("sleep", ["600"], { stdio: "ignore" });
  cleanUps.push(() => void other.kill("SIGKILL"));
  const found = (membership: Omit<Parameters<typeof findRunProcesses>[0], "runId">) =>
    findRunProcesses({ runId, ...membership }).map(({ pid }) => pid);
  await expect.poll(() => found({}).toSorted(ascending)).toEqual([mine, successor].toSorted(ascending));
  expect(found({ supervisorId: "mine" })).toEqual([mine]);
  expect(found({ supervisorId: "mine", except: [mine] })).toEqual([]);
  // Registered, but its number belongs to a process that started at another time.
  expect(found({ supervisorId: "mine", watched: [{ pid: other.pid ?? 0, startTicks: 1 }] })).toEqual([mine]);
  const startTicks = liveProcess(other.pid ?? 0)?.startTicks ?? null;
  expect(
    found({ supervisorId: "mine", watched: [{ pid: other.pid ?? 0, startTicks }] }).toSorted(ascending),
  ).toEqual([mine, other.pid ?? 0].toSorted(ascending));
  expect(found({ exceptChildrenOf: [process.pid] })).toEqual([]);
});
