import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { expect, test } from "vitest";
import { z } from "zod";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";

const program = join(import.meta.dirname, "../../bench/gateway/program.ts");

test("serves from its ready line until SIGTERM", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  try {
    await using gateway = await spawnManaged(process.execPath, {
      name: "gateway",
      args: [
        program,
        "--engine",
        "http://127.0.0.1:9/v1/",
        "--port",
        "0",
        "--admin-key-env",
        "KEY",
        "--level",
        "L0",
      ],
      environment: { KEY: "k" },
      logFile: join(directory, "gateway.log"),
      readySchema: z.strictObject({ url: z.url(), pid: z.number() }),
      startTimeoutMs: 20_000,
    });
    expect(gateway.ready.pid).toBe(gateway.pid);
    const health = await request(`${gateway.ready.url}/health`);
    expect(await health.body.json()).toEqual({ status: "ok", engine: "http://127.0.0.1:9", level: "L0" });
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each([
  [["--port", "0", "--admin-key-env", "KEY"], "--engine must be the engine's base URL"],
  [["--engine", "http://e", "--port", "0", "--admin-key-env", "NOKEY"], "NOKEY is empty or not set"],
  [
    ["--engine", "http://e", "--port", "0", "--admin-key-env", "KEY", "--level", "L2"],
    "needs --tokenizer DIR",
  ],
  [["--engine", "http://e", "--port", "0", "--admin-key-env", "KEY", "--nope"], "Unknown option '--nope'"],
])("refuses %j", (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { KEY: "k" },
    encoding: "utf8",
  });
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});
