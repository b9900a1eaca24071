import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { messageOf, StartError } from "../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../host/bounded-body.ts";
import { isPortTaken } from "../../host/free-port.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import { sendSignal } from "../../host/signals.ts";
import { type GatewayConfigOptions, gatewayConfig, workspaceSettings } from "./gateway-config.ts";
import type { FleetMember } from "./fleet.ts";
import { GatewayClient } from "./websocket-client.ts";

export interface GatewayProcessOptions {
  /** Name in logs and messages, e.g. `openclaw-0`. */
  readonly name: string;
  /** OpenClaw's launcher. */
  readonly entry: string;
  /** Everything this process writes; removed when it ends. */
  readonly directory: string;
  readonly logFile: string;
  /** Shared by all processes and runs: compiled code makes the second start several times faster. */
  readonly cacheDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly config: Omit<GatewayConfigOptions, "port" | "workspace" | "logFile">;
  readonly startTimeoutMs: number;
  /** From SIGTERM to SIGKILL; OpenClaw needs 2 to 3 s. */
  readonly stopTimeoutMs: number;
  readonly signal: AbortSignal;
  /** A port that is free now. Between this answer and OpenClaw's own bind lie seconds in which it may be taken. */
  readonly nextPort: () => Promise<number>;
}

/** Starts, each at another port, before a port that was taken every time ends the attempt. */
const startsMax = 3;

/**
 * A bound that long runs do not meet. Sessions are not deleted while a process lives, so its heap grows: with 384 MB it
 * spent its time collecting garbage after some 30 telecom episodes and died of it after 40.
 */
const heapFlags = ["--max-old-space-size=2048", "--max-semi-space-size=16"];

/**
 * Parts of OpenClaw that an episode does not need. Without the bundled plugins a start costs 16 CPU seconds instead of
 * 18. The compile cache variable keeps the launcher from starting a second Node process with a cache path of its own.
 */
const quietEnvironment = {
  OPENCLAW_DISABLE_BONJOUR: "1",
  OPENCLAW_DISABLE_BUNDLED_PLUGINS: "1",
  OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
  OPENCLAW_NO_AUTO_UPDATE: "1",
  OPENCLAW_NO_RESPAWN: "1",
  OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: "1",
  OPENCLAW_SKIP_BROWSER_CONTROL_SERVER: "1",
  OPENCLAW_SKIP_CANVAS_HOST: "1",
  OPENCLAW_SKIP_CHANNELS: "1",
  OPENCLAW_SKIP_CRON: "1",
  OPENCLAW_TRAJECTORY: "0",
};
const readinessSchema = z.object({ ready: z.boolean() });

/** One OpenClaw gateway in a process group of its own, with its own state, configuration, home and port. */
export class GatewayProcess implements FleetMember {
  readonly name: string;
  readonly client: GatewayClient;
  /** Resolves when the process has ended for any reason, with its signal or exit code. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #stopTimeoutMs: number;
  #ending = false;

  private constructor(started: StartedChild, client: GatewayClient, options: GatewayProcessOptions) {
    this.name = options.name;
    this.client = client;
    this.exited = started.exited;
    this.#child = started.child;
    this.#directory = options.directory;
    this.#stopTimeoutMs = options.stopTimeoutMs;
    void client.closed.then(() => {
      // Without a connection the process is of no use, and its sessions would wait for ever: it is killed and replaced.
      if (!this.#ending) signalGroup(started.child, "SIGKILL");
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Starts a gateway and waits until it answers. When somebody else took its port meanwhile, and only then, it is
   * started again at another one. Throws `StartError` with the last lines of its log.
   */
  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    for (let starts = 1; ; starts += 1) {
      const port = await options.nextPort();
      const started = await spawnGateway(options, port);
      try {
        await becomeReady(started, port, options);
        const url = `ws://127.0.0.1:${port}`;
        const { token } = options.config;
        const client = await GatewayClient.connect(url, { token }, options.startTimeoutMs);
        return new GatewayProcess(started, client, options);
      } catch (cause) {
        await endGroup(started, options.stopTimeoutMs);
        await rm(options.directory, { recursive: true, force: true });
        if (options.signal.aborted) throw cause;
        // What was started is gone, so a port that is still listened on is somebody else's.
        if (!(await isPortTaken(port))) throw await startError(options, cause);
        if (starts === startsMax) {
          const taken = new Error(`port ${port} is taken by another program (tried ${starts} ports)`, {
            cause,
          });
          throw await startError(options, taken);
        }
      }
    }
  }

  /** SIGTERM, deadline, SIGKILL of the group; then removes what the process wrote. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    await this.client.close();
    await endGroup({ child: this.#child, exited: this.exited }, this.#stopTimeoutMs);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface StartedChild {
  readonly child: ChildProcess;
  readonly exited: Promise<string>;
}

async function spawnGateway(options: GatewayProcessOptions, port: number): Promise<StartedChild> {
  const { directory, config } = options;
  // State of a process that was killed with its driver would be taken for a running gateway's.
  await rm(directory, { recursive: true, force: true });
  const workspace = path.join(directory, "ws");
  const folders = { HOME: "home", OPENCLAW_STATE_DIR: "state", TMPDIR: "tmp" };
  for (const folder of [...Object.values(folders), "ws/.openclaw"]) {
    await mkdir(path.join(directory, folder), { recursive: true, mode: 0o700 });
  }
  await mkdir(options.cacheDirectory, { recursive: true });
  const configFile = path.join(directory, "openclaw.json");
  const logFile = path.join(directory, "openclaw.log");
  const full = gatewayConfig({ ...config, port, workspace, logFile });
  await writeFile(configFile, JSON.stringify(full), { mode: 0o600 });
  await writeFile(path.join(workspace, ".openclaw/settings.json"), JSON.stringify(workspaceSettings));
  const environment = {
    ...options.environment,
    ...Object.fromEntries(
      Object.entries(folders).map(([key, folder]) => [key, path.join(directory, folder)]),
    ),
    OPENCLAW_CONFIG_PATH: configFile,
    ...quietEnvironment,
    NODE_COMPILE_CACHE: options.cacheDirectory,
  };
  const log = openSync(options.logFile, "a");
  const child = spawn(process.execPath, [...heapFlags, options.entry, "gateway"], {
    cwd: workspace,
    env: environment,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  return { child, exited: exitOf(child) };
}

async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return signal === null ? `exit code ${String(code)}` : String(signal);
  } catch (error) {
    return messageOf(error);
  }
}

async function becomeReady(
  started: StartedChild,
  port: number,
  options: GatewayProcessOptions,
): Promise<void> {
  const give = new AbortController();
  const deadline = AbortSignal.timeout(options.startTimeoutMs);
  const signal = AbortSignal.any([options.signal, deadline, give.signal]);
  const exit = started.exited.then((how) => {
    throw new Error(`it ended by itself (${how})`);
  });
  try {
    await Promise.race([exit, answersReady(port, signal)]);
  } catch (error) {
    if (deadline.aborted)
      throw new Error(`it was not ready after ${options.startTimeoutMs} ms`, { cause: error });
    throw error;
  } finally {
    give.abort();
  }
}

async function answersReady(port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(100, undefined, { signal });
    if (await isReady(port, signal)) return;
  }
}

async function isReady(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const { body } = await request(`http://127.0.0.1:${port}/readyz`, { signal, headersTimeout: 5000 });
    const answer = readinessSchema.safeParse(parsedJson(await boundedText(body, descriptionBytesMax)));
    return answer.success && answer.data.ready;
  } catch (error) {
    // Until it listens every attempt fails; whether it ever will is decided by its exit and the deadline.
    if (signal.aborted) throw error;
    return false;
  }
}

async function endGroup({ child, exited }: StartedChild, stopTimeoutMs: number): Promise<void> {
  signalGroup(child, "SIGTERM");
  await Promise.race([exited, sleep(stopTimeoutMs, undefined, { ref: false })]);
  // Also after a clean exit: auxiliary processes of the group may be left.
  signalGroup(child, "SIGKILL");
  await exited;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) sendSignal(-pid, signal);
}

async function startError(options: GatewayProcessOptions, cause: unknown): Promise<StartError> {
  const log = await readFile(options.logFile, "utf8").catch(() => "");
  const tail = log.trimEnd().split("\n").slice(-15).join("\n");
  return new StartError(
    options.name,
    `OpenClaw gateway ${options.name} did not start: ${messageOf(cause)}. ` +
      `Its log is ${options.logFile}; check free memory (1.2 GB each) and the last lines:\n${tail}`,
    { cause },
  );
}
