import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tollgateEntry } from "../../bench/stack/own-program.ts";
import { systemErrorCode } from "../../bench/store/storage-error.ts";
import type { Workbench } from "./measurement.ts";

export interface DriverRun {
  /** The last line on standard output. */
  readonly runDirectory: string;
  readonly seconds: number;
  /** Largest resident set that the driver's process ever had; null where there is no `/proc`. */
  readonly peakMegabytes: number | null;
}

/** Runs `tollgate sweep` as a user would, and looks at its memory meanwhile. Throws when it does not end with 0. */
export async function runDriver(bench: Workbench, args: readonly string[]): Promise<DriverRun> {
  const startedNs = bench.nowNs();
  const child = spawn(process.execPath, [tollgateEntry, "sweep", ...args], {
    cwd: bench.root,
    env: bench.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null]>;
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let peakMegabytes: number | null = null;
  while (child.exitCode === null && child.signalCode === null) {
    peakMegabytes = peakMemoryMegabytes(child.pid) ?? peakMegabytes;
    await Promise.race([closed, sleep(200)]);
  }
  const [code] = await closed;
  if (code !== 0) throw new Error(`tollgate sweep ${args.join(" ")} ended with ${code}:\n${stderr}`);
  const runDirectory = stdout.trimEnd().split("\n").at(-1) ?? "";
  return { runDirectory, seconds: (bench.nowNs() - startedNs) / 1e9, peakMegabytes };
}

/** The kernel's own maximum (VmHWM), so no peak between two looks is missed. */
function peakMemoryMegabytes(pid: number | undefined): number | null {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / 1e6;
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(systemErrorCode(error) ?? "")) return null;
    throw error;
  }
}
