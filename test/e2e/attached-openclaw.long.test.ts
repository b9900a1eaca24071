import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findOpenClaw } from "../../bench/agent/openclaw/installation.ts";
import { sendSignal } from "../../bench/host/signals.ts";
import { freePort } from "../../bench/host/free-port.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, TollgateProcess } from "./tollgate-process.ts";

const token = "token-of-a-gateway-that-is-not-ours";
const home = mkdtempSync(join(tmpdir(), "tollgate-attached-"));
const configuration = join(home, "openclaw.json");
let port = 0;
let gateway: ReturnType<typeof spawn>;

/** A gateway as its users start it: none of Tollgate's plugins, state of its own, started by somebody else. */
beforeAll(async () => {
  port = await freePort();
  mkdirSync(join(home, ".openclaw/workspace"), { recursive: true });
  writeFileSync(
    configuration,
    JSON.stringify({
      gateway: { mode: "local", bind: "loopback", port, auth: { mode: "token", token } },
      browser: { enabled: false },
      tools: { profile: "coding" },
      agents: { defaults: { workspace: join(home, ".openclaw/workspace") } },
      cron: { enabled: false },
    }),
  );
  const words = ["gateway", "run", "--bind", "loopback", "--port", String(port), "--allow-unconfigured"];
  gateway = spawn(process.execPath, [findOpenClaw().entry, ...words], {
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      OPENCLAW_STATE_DIR: join(home, ".openclaw"),
      OPENCLAW_CONFIG_PATH: configuration,
      OPENCLAW_DISABLE_BONJOUR: "1",
      OPENCLAW_NO_RESPAWN: "1",
      OPENCLAW_NO_AUTO_UPDATE: "1",
    },
    stdio: "ignore",
    detached: true,
  });
}, 20_000);
afterAll(async () => {
  if (gateway.pid !== undefined) sendSignal(-gateway.pid, "SIGKILL");
  if (gateway.exitCode === null && gateway.signalCode === null) await once(gateway, "exit");
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const place = (arms: readonly object[]) =>
  new Workplace({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    arms,
    sandbox: "none",
    agent: {
      kind: "openclaw",
      attach: `ws://127.0.0.1:${port}`,
      tokenEnv: "TOKEN",
      workspaces: join(home, ".openclaw/attempts"),
    },
    workload: { kind: "tasks", format: "clawbench", task: ["t1-fix-total", "t3-two-sessions"] },
    sweep: { concurrency: [2] },
  });
const providers = () => JSON.parse(readFileSync(configuration, "utf8")).models?.providers ?? {};

test("a gateway that is not ours does the tasks in both arms, its requests are measured, and it is left as it was", async () => {
  // The second one asks what a gateway that lives longer could answer from memory.
  for (let run = 0; run < 2; run += 1) {
    using here = place([{ kind: "raw" }, { kind: "gateway" }]);
    await using started = new TollgateProcess(["sweep", here.file, "--out", here.runs, ...unchecked], {
      ...here.environment,
      TOKEN: token,
    });
    const finished = await started.finished();
    expectExit(finished, 0);
    const episodes = episodesOf(lastLine(finished));
    expect(episodes).toHaveLength(4);
    for (const episode of episodes) {
      expect({ status: episode.status, reward: episode.reward }).toEqual({ status: "completed", reward: 1 });
      expect(episode.requests).toBeGreaterThan(1);
      expect(episode.promptTokens).toBeGreaterThan(1000);
    }
    expect(providers()).not.toHaveProperty("tollgate");
    expect(readdirSync(join(home, ".openclaw/attempts"))).toEqual([]);
    expect(`${finished.stdout}${finished.stderr}`).not.toContain(token);
  }
});

test("a gateway that dies fails its episodes as its own, and the run ends", async () => {
  using here = place([{ kind: "raw" }]);
  await using started = new TollgateProcess(
    ["sweep", here.file, "--out", here.runs, "--set", "limits.startSeconds=5", ...unchecked],
    { ...here.environment, TOKEN: token },
  );
  await started.until(() => started.stderr.includes("attached to"), {
    what: "a gateway",
    timeoutMs: 120_000,
  });
  await pause(3000);
  if (gateway.pid !== undefined) sendSignal(-gateway.pid, "SIGKILL");
  const { code } = await started.finished();
  expect(code).not.toBe(0);
});
