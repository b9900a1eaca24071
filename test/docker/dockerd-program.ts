/**
 * A Docker daemon that ends with whoever started it: `node dockerd-program.ts DIRECTORY [--gpus]`. Prints one line of JSON on stdout; when
 * a line comes on its stdin it restarts the daemon; when stdin ends, it stops the daemon, ends what the daemon left running, unmounts and removes the directory.
 */
import { once } from "node:events";
import { chmodSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { execFileSync, spawn } from "node:child_process";
import { request, Agent } from "undici";
import { sendSignal } from "../../bench/host/signals.ts";
import { liveProcesses } from "../../bench/host/process-table.ts";

const directory = process.argv[2] ?? "";
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

mkdirSync(join(directory, "bin"), { recursive: true });
mkdirSync(join(directory, "hooks"));
// Docker takes a machine for one with NVIDIA's runtime when it finds this program. It gets the container's state on
// stdin; the stub keeps the configuration that the state points to, which is gone with the container.
const hook = join(
  directory,
  "bin",
  process.argv.includes("--gpus") ? "nvidia-container-runtime-hook" : "none",
);
const field = (name: string) => `$(printf %s "$state" | sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/')`;
writeFileSync(
  hook,
  `#!/bin/sh\nstate=$(cat)\ncp "${field("bundle")}/config.json" "${join(directory, "hooks")}/${field("id")}.json"\n`,
);
chmodSync(hook, 0o755);

const log = openSync(join(directory, "dockerd.log"), "a");
const socket = join(directory, "docker.sock");
// A program that cannot be started is told by the missing pid.
const startDaemon = () => spawnDaemon().on("error", () => undefined);
const spawnDaemon = () =>
  spawn(
    "dockerd",
    [
      `--host=unix://${socket}`,
      `--data-root=${join(directory, "data")}`,
      `--exec-root=${join(directory, "exec")}`,
      `--pidfile=${join(directory, "docker.pid")}`,
      "--shutdown-timeout=1",
      // Containers outlive a restart of the daemon, as on a well-kept node.
      "--live-restore",
      // Host network only: a bridge would change the machine's own rules.
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
    ],
    {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, PATH: `${join(directory, "bin")}:${process.env["PATH"] ?? ""}` },
    },
  );

let daemon = startDaemon();
try {
  await tellReady();
  for await (const _restart of createInterface({ input: process.stdin })) {
    await stopDaemon();
    daemon = startDaemon();
    await tellReady();
  }
} finally {
  await cleanUp();
}

async function tellReady(): Promise<void> {
  const ready = (await serves()) ? { pid: daemon.pid } : { error: lastWords() };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

async function stopDaemon(): Promise<void> {
  const runs = daemon.exitCode === null && daemon.signalCode === null && daemon.pid !== undefined;
  const exit = runs ? once(daemon, "exit") : Promise.resolve();
  daemon.kill("SIGTERM");
  await Promise.race([exit, sleep(10_000, undefined, { ref: false })]);
  daemon.kill("SIGKILL");
}

async function serves(): Promise<boolean> {
  const agent = new Agent({ connect: { socketPath: socket } });
  for (let attempt = 0; attempt < 300 && daemon.exitCode === null && daemon.pid !== undefined; attempt++) {
    const status = await request("http://docker/_ping", { dispatcher: agent }).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => 0,
    );
    if (status === 200) return true;
    await sleep(100);
  }
  return false;
}

function lastWords(): string {
  return readFileSync(join(directory, "dockerd.log"), "utf8").slice(-2_000);
}

async function cleanUp(): Promise<void> {
  await stopDaemon();
  // What a killed daemon left: the shims of its containers name the directory, their children are the containers.
  for (let look = 0; look < 50; look++) {
    const table = liveProcesses().filter(({ pid }) => pid !== process.pid);
    const found = new Set(
      table.filter(({ command }) => command.includes(`${directory}/`)).map(({ pid }) => pid),
    );
    for (let before = -1; before !== found.size;) {
      before = found.size;
      for (const { pid, parentPid } of table) if (found.has(parentPid)) found.add(pid);
    }
    if (found.size === 0) break;
    for (const pid of found) sendSignal(pid, "SIGKILL");
    await sleep(100);
  }
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${directory}/`));
  if (mounts.length > 0) execFileSync("umount", ["--lazy", ...mounts.reverse()]);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
