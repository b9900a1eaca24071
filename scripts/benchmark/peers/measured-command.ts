import { spawn } from "node:child_process";
import { once } from "node:events";
import type { PeerCommand } from "./peer.ts";

export interface MeasuredRun {
  readonly stdout: string;
  /** User and system time of the program and all that it started and waited for. */
  readonly cpuSeconds: number;
}

/**
 * Runs a program under bash's `time`, which counts its descendants too.
 * @throws Error with the end of its output when it fails or takes longer than `timeoutMs`
 */
export async function measuredRun(
  command: PeerCommand,
  options: { readonly environment: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<MeasuredRun> {
  const child = spawn(
    "bash",
    ["-c", 'TIMEFORMAT="cpu %U %S"; time "$@"', "bash", command.file, ...command.args],
    {
      cwd: command.workingDirectory,
      env: { ...options.environment, ...command.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // The whole group: some of these tools start processes of their own.
  const timer = setTimeout(
    () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL"),
    options.timeoutMs,
  );
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  const [, user, system] = /cpu (\d+[.,]\d+) (\d+[.,]\d+)\s*$/.exec(stderr) ?? [];
  if (code !== 0 || user === undefined || system === undefined) {
    const end = `${stdout}\n${stderr}`.trim().split("\n").slice(-5).join(" | ");
    throw new Error(`${command.file} ended with ${code ?? "a signal"}: ${end}`);
  }
  return { stdout, cpuSeconds: Number(user.replace(",", ".")) + Number(system.replace(",", ".")) };
}
