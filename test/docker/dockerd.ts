import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { connectDocker, type Docker } from "../../bench/docker/docker-command.ts";

/** Why no Docker daemon can be started here; null when one can. For `describe.skipIf`, so that the reason is in the name. */
export const noDockerd: string | null = reasonAgainst();

export interface TestDockerd extends AsyncDisposable {
  /** As `DOCKER_HOST` writes it. */
  readonly host: string;
  readonly cli: Docker;
  readonly pid: number;
  /** What the GPU runtime was asked for, as its stub saw it, also of containers that are gone. */
  gpuRequests(): readonly GpuRequest[];
  readonly logFile: string;
  /** Ends the daemon and starts it again; its containers run on. `pid` is the first one's. */
  restart(): Promise<void>;
}

export interface GpuRequest {
  readonly containerId: string;
  /** `NVIDIA_VISIBLE_DEVICES` of the container. */
  readonly devices: string;
}

/**
 * A Docker daemon of the test's own, with its own data, host network only, and a stub in place of NVIDIA's runtime
 * (unless `gpus` is false). It ends when it is disposed, and also when the test's process dies.
 */
export async function startDockerd({ gpus = true } = {}): Promise<TestDockerd> {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-dockerd-"));
  const program = join(import.meta.dirname, "dockerd-program.ts");
  const guard = spawn(process.execPath, [program, directory, ...(gpus ? ["--gpus"] : [])], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: guard.stdout });
  const ready = async () => {
    const [line] = (await once(lines, "line")) as [string];
    return JSON.parse(line) as { pid?: number; error?: string };
  };
  const { pid, error } = await ready();
  const end = async () => {
    const ended = once(guard, "exit");
    guard.stdin.end();
    await ended;
  };
  if (pid === undefined) {
    await end();
    throw new Error(`dockerd did not start:\n${error}`);
  }
  const host = `unix://${join(directory, "docker.sock")}`;
  const cli = await connectDocker({ PATH: process.env["PATH"], DOCKER_HOST: host });
  return {
    host,
    cli,
    pid,
    logFile: join(directory, "dockerd.log"),
    restart: async () => {
      guard.stdin.write("restart\n");
      await ready();
    },
    gpuRequests: () => readHooks(join(directory, "hooks")),
    [Symbol.asyncDispose]: end,
  };
}

function reasonAgainst(): string | null {
  if (process.platform !== "linux") return "Docker's daemon runs on Linux only";
  if (process.getuid?.() !== 0) return "a Docker daemon needs root";
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const missing = ["dockerd", "docker"].find((name) =>
    folders.every((folder) => !existsSync(join(folder, name))),
  );
  return missing === undefined ? null : `${missing} is not installed (apt-get install docker.io)`;
}

function readHooks(folder: string): readonly GpuRequest[] {
  return readdirSync(folder).map((name) => {
    const config = JSON.parse(readFileSync(join(folder, name), "utf8")) as { process: { env: string[] } };
    const devices = config.process.env.find((entry) => entry.startsWith("NVIDIA_VISIBLE_DEVICES="));
    return {
      containerId: name.replace(".json", ""),
      devices: devices?.slice("NVIDIA_VISIBLE_DEVICES=".length) ?? "",
    };
  });
}
