import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  hasProcessTable,
  liveProcess,
  liveProcesses,
  startedMs,
  startEnvironment,
} from "../../bench/host/process-table.ts";

test.skipIf(!hasProcessTable)(
  "a child is found with parent, group, start and environment, and not when it is gone",
  async () => {
    const beforeMs = Date.now();
    const child = spawn("sleep", ["60"], {
      detached: true,
      stdio: "ignore",
      env: { MARK: "a=b", EMPTY: "" },
    });
    const pid = child.pid ?? 0;
    // The kernel shows its command line a moment after it has begun to run.
    await expect.poll(() => liveProcess(pid)?.command).toBe("sleep 60");
    const found = liveProcess(pid);
    expect(found).toMatchObject({ pid, parentPid: process.pid, groupId: pid, command: "sleep 60" });
    expect(liveProcesses().map((one) => one.pid)).toContain(pid);
    expect([...startEnvironment(pid)]).toEqual([
      ["MARK", "a=b"],
      ["EMPTY", ""],
    ]);
    if (found === null) throw new Error("the child is not found");
    expect(Math.abs(startedMs(found) - beforeMs)).toBeLessThan(5000);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect([liveProcess(pid), startEnvironment(pid).size]).toEqual([null, 0]);
  },
);

test.skipIf(!hasProcessTable)(
  "a name with blanks and parentheses does not move the fields behind it",
  async () => {
    const child = spawn("sh", ["-c", 'printf ") S 1 (" > /proc/self/comm; exec 2>&-; read line'], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(child, "spawn");
    while (!readFileSync(`/proc/${child.pid}/stat`, "utf8").includes(") S 1 (")) await sleep(5);
    expect(liveProcess(child.pid ?? 0)).toMatchObject({ parentPid: process.pid });
    child.stdin.end();
    await once(child, "exit");
  },
);
