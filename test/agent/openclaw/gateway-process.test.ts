import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartError } from "../../../bench/errors.ts";
import { freePort } from "../../../bench/host/free-port.ts";
import { GatewayProcess, type GatewayProcessOptions } from "../../../bench/agent/openclaw/gateway-process.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tg-gp-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function options(program: string, change: Partial<GatewayProcessOptions> = {}): GatewayProcessOptions {
  return {
    name: "openclaw-7",
    entry: fileURLToPath(new URL(`./programs/${program}`, import.meta.url)),
    directory: path.join(directory, "oc"),
    logFile: path.join(directory, "log"),
    cacheDirectory: path.join(directory, "cache"),
    environment: { PATH: "", TOLLGATE_RUN: "test" },
    config: {
      token: "t",
      pluginDirectory: directory,
      toolNames: [],
      ownTools: [],
      model: "m",
      contextWindow: 1,
      maxTokens: 1,
      maxConcurrent: 1,
      turnTimeoutMs: 1,
    },
    startTimeoutMs: 20_000,
    stopTimeoutMs: 500,
    signal: new AbortController().signal,
    nextPort: freePort,
    ...change,
  };
}

async function failureOf(started: Promise<GatewayProcess>): Promise<unknown> {
  return await started.then(
    () => new Error("it started"),
    (error: unknown) => error,
  );
}

test("a gateway that exits while it starts is reported at once, with its last log lines", async () => {
  const error = await failureOf(GatewayProcess.start(options("exits.mjs")));
  expect(error).toBeInstanceOf(StartError);
  expect(error).toMatchObject({ part: "openclaw-7" });
  expect(String(error)).toContain("it ended by itself (exit code 78)");
  expect(String(error)).toContain("config is broken: gateway.port");
  expect(existsSync(path.join(directory, "oc"))).toBe(false);
});

test("a gateway that never becomes ready and ignores SIGTERM is killed", async () => {
  const error = await failureOf(GatewayProcess.start(options("never-ready.mjs", { startTimeoutMs: 2500 })));
  expect(String(error)).toContain("it was not ready after 2500 ms");
  expect(await readFile(path.join(directory, "log"), "utf8")).toBe("not now\n");
});

test("an aborted start ends the process and rejects with the reason of the abort", async () => {
  const abort = new AbortController();
  const started = GatewayProcess.start(options("never-ready.mjs", { signal: abort.signal }));
  setTimeout(() => {
    abort.abort(new Error("stop it"));
  }, 500);
  expect(await failureOf(started)).toMatchObject({ name: "AbortError", cause: new Error("stop it") });
  expect(existsSync(path.join(directory, "oc"))).toBe(false);
});

/** A port that somebody else listens on, who may even answer as a gateway that is ready. */
async function takenPort() {
  const server = createServer((_request, response) => response.end('{"ready":true}')).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { port, [Symbol.dispose]: () => void server.close() };
}

test("a gateway whose port was taken meanwhile starts at another one", async () => {
  using taken = await takenPort();
  const ports = [taken.port, taken.port, await freePort()];
  const asked = [...ports];
  await using gateway = await GatewayProcess.start(
    options("serves.mjs", { nextPort: () => Promise.resolve(asked.shift() ?? 0) }),
  );
  expect(asked).toEqual([]);
  expect(await Promise.race([gateway.exited, pause(300)])).toBe(undefined);
});

test("ports that are taken every time end the start, and the message says so", async () => {
  using taken = await takenPort();
  let asked = 0;
  const nextPort = () => {
    asked += 1;
    return Promise.resolve(taken.port);
  };
  const error = await failureOf(GatewayProcess.start(options("serves.mjs", { nextPort })));
  expect([asked, String(error)]).toEqual([3, expect.stringContaining(`port ${taken.port} is taken`)]);
});

test("a start that fails for another reason is not tried again", async () => {
  let asked = 0;
  const nextPort = () => {
    asked += 1;
    return freePort();
  };
  const error = await failureOf(GatewayProcess.start(options("exits.mjs", { nextPort })));
  expect([asked, String(error)]).toEqual([1, expect.stringContaining("exit code 78")]);
});
