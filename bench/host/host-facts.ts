import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { promisify } from "node:util";
import { z } from "zod";
import { isBuilt, ownRoot } from "../own-files.ts";
import { readCuda, readGpus } from "./gpus.ts";
import { cgroupLimits } from "./cgroup-limits.ts";
import { readText } from "./read-text.ts";

const run = promisify(execFile);

/**
 * The machine that the driver runs on, as far as it tells without special rights. null: it does not tell. What is known
 * only once servers run (their versions, flags, containers) is in `evidence/servers/`, because `run.json` is written
 * before anything starts and never changed. Without an environment nvidia-smi is not found.
 */
export async function hostFacts(environment: Readonly<Record<string, string | undefined>> = {}) {
  const processors = cpus();
  const gpus = await readGpus(environment);
  return {
    platform: platform(),
    architecture: arch(),
    kernel: release(),
    distribution: distribution(),
    cpuModel: processors[0]?.model ?? "unknown",
    cpuCount: processors.length,
    cpuCores: coreCount(),
    cpuGovernors: lines("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"),
    numaNodes: globSync("/sys/devices/system/node/node[0-9]*").length || null,
    memoryBytes: totalmem(),
    cgroup: cgroupLimits(),
    nodeFlags: [...process.execArgv],
    nodeOptions: environment["NODE_OPTIONS"] ?? null,
    gpus: (gpus ?? []).map(
      ({ index, name, memoryTotalMiB, driver }) =>
        `${index}, ${name}, ${memoryTotalMiB === null ? "memory unknown" : `${memoryTotalMiB} MiB`}, ${driver}`,
    ),
    gpuDetails: gpus?.map(({ memoryUsedMiB: _used, ...gpu }) => gpu) ?? null,
    cuda: gpus === null ? null : await readCuda(environment),
  };
}

function distribution(): string | null {
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readText("/etc/os-release") ?? "")?.[1] ?? null;
}

/** Physical cores: threads that share a core have equal package and core ids. null where /proc/cpuinfo names none. */
function coreCount(): number | null {
  const text = readText("/proc/cpuinfo") ?? "";
  const cores = text
    .split("\n\n")
    .map((block) => [/^physical id\s*:\s*(\d+)/m.exec(block)?.[1], /^core id\s*:\s*(\d+)/m.exec(block)?.[1]])
    .filter(([, core]) => core !== undefined);
  return cores.length === 0 ? null : new Set(cores.map((ids) => ids.join("/"))).size;
}

/** The different contents of files, e.g. `["performance"]`; null where there are none. */
function lines(pattern: string): string[] | null {
  const found = globSync(pattern).map((path) => readText(path));
  return found.length === 0 ? null : [...new Set(found.flatMap((text) => text?.trim() ?? []))];
}

/** A state of Tollgate's own sources. */
export type GitFacts = { readonly revision: string; readonly dirty: boolean };

/** What the build writes into the package, for the time when there is no checkout any more. */
export const buildFactsSchema = z.object({
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullable(),
});
export type BuildFacts = z.infer<typeof buildFactsSchema>;
/** Below the folder of package.json. */
export const buildFactsFile = "dist/build.json";

/** Of the sources that run, or that the package was built from; null where nobody knows it. */
export async function gitFacts(place = { root: ownRoot, isBuilt }): Promise<GitFacts | null> {
  if (!place.isBuilt) return revisionOf(place.root);
  const text = readText(join(place.root, buildFactsFile));
  return text === null ? null : buildFactsSchema.parse(JSON.parse(text)).git;
}

/** null when the folder is no checkout or git is not installed. A checkout that the folder merely lies in is another project's. */
async function revisionOf(root: string): Promise<GitFacts | null> {
  const git = async (...args: string[]) => (await run("git", ["-C", root, ...args])).stdout.trim();
  try {
    if ((await git("rev-parse", "--show-prefix")) !== "") return null;
    return { revision: await git("rev-parse", "HEAD"), dirty: (await git("status", "--porcelain")) !== "" };
  } catch {
    // Absent is a fact of its own here: sources that were copied have no revision.
    return null;
  }
}
