import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { liveProcess } from "../../bench/host/process-table.ts";

test("a process is known by its command line, without the keys on it: supervisor.log lists what was ended", async () => {
  const args = [
    "-e",
    "setInterval(() => {}, 1000)",
    // What follows is the script's: Node ends at once on an option that it does not know.
    "--",
    "--api-key",
    "k3y-one",
    "--master-key=k3y-two",
    "--port",
    "1",
  ];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const commandNow = () => liveProcess(child.pid ?? 0)?.command ?? "";
  // The kernel shows its command line a moment after it has begun to run.
  await expect.poll(commandNow).toContain("setInterval");
  const command = commandNow();
  child.kill("SIGKILL");
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect(command).toContain("--api-key <redacted> --master-key=<redacted> --port 1");
  expect(command).not.toContain("k3y");
});
