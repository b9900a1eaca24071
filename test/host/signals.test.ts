import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sendSignal } from "../../bench/host/signals.ts";

test("a signal reaches a whole group, and nobody is there afterwards", async () => {
  const child = spawn("sh", ["-c", "sleep 60 & wait"], { detached: true, stdio: "ignore" });
  const ended = once(child, "exit");
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  expect(sendSignal(pid, 0)).toBe(true);
  expect(sendSignal(-pid, "SIGKILL")).toBe(true);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(sendSignal(pid, 0)).toBe(false);
});

test("what is no signal is an error and not an absent process", () => {
  expect(() => sendSignal(process.pid, "SIGNOTHING" as NodeJS.Signals)).toThrow("SIGNOTHING");
});
