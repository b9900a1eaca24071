import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { promisify } from "node:util";
import type { RunJson } from "../store/run-json.ts";

const run = promisify(execFile);

/** The machine, as far as it tells without special rights. GPUs are asked from nvidia-smi; none where there is no such tool. */
export async function hostFacts(): Promise<RunJson["host"]> {
  const processors = cpus();
  return {
    platform: platform(),
    architecture: arch(),
    kernel: release(),
    cpuModel: processors[0]?.model ?? "unknown",
    cpuCount: processors.length,
    memoryBytes: totalmem(),
    gpus: await gpus(),
  };
}

async function gpus(): Promise<string[]> {
  if (!hasNvidiaDevice()) return [];
  const { stdout } = await run("nvidia-smi", [
    "--query-gpu=index,name,memory.total,driver_version",
    "--format=csv,noheader",
  ]);
  return stdout.trim().split("\n");
}

function hasNvidiaDevice(): boolean {
  return platform() === "linux" && readdirSync("/dev").some((name) => /^nvidia\d+$/.test(name));
}

/** Git revision of Tollgate's own sources; null when they are no checkout or git is not installed. */
export async function gitFacts(directory: string): Promise<RunJson["git"]> {
  const git = async (...args: string[]) => (await run("git", ["-C", directory, ...args])).stdout.trim();
  try {
    return { revision: await git("rev-parse", "HEAD"), dirty: (await git("status", "--porcelain")) !== "" };
  } catch {
    // Absent is a fact of its own here: an installed copy has no revision.
    return null;
  }
}
