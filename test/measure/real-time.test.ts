import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LoadThread } from "../../bench/load/load-thread.ts";
import { makeRealTime, ownThreadId, realTimeFlags, schedulingText } from "../../bench/measure/real-time.ts";

const policyOf = (threadId: number) =>
  execFileSync("chrt", ["--pid", String(threadId)], { encoding: "utf8" });
/** What this very machine grants decides which of two answers is right; the kernel is asked independently. */
const granted = (() => {
  try {
    execFileSync("chrt", ["--fifo", "1", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test("the answer is the kernel's own: real-time where it grants it, and not inherited", async () => {
  const child = spawn(process.execPath, [
    "-e",
    'process.stdin.once("data", () => { require("child_process").spawnSync("sleep", ["0"]); ' +
      'console.log(require("child_process").execFileSync("chrt", ["--pid", "0"], { encoding: "utf8" })); process.exit(0); }); console.log("up");',
  ]);
  try {
    await once(child.stdout, "data");
    const scheduling = await makeRealTime(child.pid ?? null, process.env);
    expect(scheduling.policy).toBe(granted ? "real-time" : "normal");
    expect(policyOf(child.pid ?? 0)).toMatch(granted ? /SCHED_FIFO.*\n.*priority: 1\n/ : /SCHED_OTHER/);
    child.stdin.write("go\n");
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    expect(line.toString()).toContain("SCHED_OTHER");
  } finally {
    child.kill("SIGKILL");
  }
});

/** On one processor, so that V8's helpers get none while a real-time thread asks whether they are done: it did so for 0.9 s. */
function onOneProcessor(program: string, flags: readonly string[]): Record<string, unknown> {
  const [processor = "0"] =
    /(?<=Cpus_allowed_list:\s*)\d+/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const file = fileURLToPath(new URL(program, import.meta.url));
  const printed = execFileSync("taskset", ["-c", processor, process.execPath, ...flags, file], {
    encoding: "utf8",
  });
  return JSON.parse(printed) as Record<string, unknown>;
}

/** Without what it needs every run is busy; with it a hypervisor's standstill may count as processor time. */
const tries = { retry: 2 };

test("a program in real time leaves the processor to its helpers when it collects garbage", tries, () => {
  const { policy, collections, busyMs } = onOneProcessor("./collecting-program.ts", realTimeFlags);
  expect(policy).toBe(granted ? "real-time" : "normal");
  expect(collections).toBeGreaterThan(0);
  expect(busyMs).toBeLessThan(600);
});

test("so does the timing thread, in a program that has no flags", tries, () => {
  const { policy, ended, busyMs } = onOneProcessor("../load/collecting-load-program.ts", []);
  expect(policy).toBe(granted ? "real-time" : "normal");
  expect(ended).toBe(400);
  expect(busyMs).toBeLessThan(600);
});

test("where it cannot be had the reason is told", async () => {
  const reasons = [
    await makeRealTime(ownThreadId(), { PATH: "/nonexistent" }),
    await makeRealTime(999_999_999, process.env),
    await makeRealTime(null, process.env),
  ].map(schedulingText);
  expect(reasons[0]).toBe("normal (chrt (util-linux) is not in the PATH)");
  expect(reasons[1]).toMatch(/^normal \(.*999999999.*\)$/);
  expect(reasons[2]).toBe("normal (this system has no /proc)");
});

test("the timing thread is the one that is favoured, not the rest of its process", async () => {
  await using thread = new LoadThread(process.env);
  expect((await thread.scheduling).policy).toBe(granted ? "real-time" : "normal");
  expect(policyOf(process.pid)).toContain("SCHED_OTHER");
});
