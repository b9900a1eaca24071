import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { liveProcess } from "../../bench/host/process-table.ts";

test("a process is known by its command line, without the keys on it: supervisor.log lists what was ended", async () => {
  const args = [
    "-e",
    "setInterval(() => {}, 1000)",
    "--api-key",
    "k3y-one",
    "--master-key=k3y-two",
    "--port",
    "1",
  ];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  await once(child, "spawn");
  const command = liveProcess(child.pid ?? 0)?.command ?? "";
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(command).toContain("--api-key <redacted> --master-key=<redacted> --port 1");
  expect(command).not.toContain("k3y");
});
