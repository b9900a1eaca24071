import { dirname, join } from "node:path";
import { readText } from "./read-text.ts";

/** What the control group of this process allows. null: no limit, or none that can be read. */
export interface CgroupLimits {
  readonly memoryBytes: number | null;
  /** Processor time per wall-clock time, e.g. 2.5 processors. */
  readonly cpus: number | null;
}

/** Beyond this a version 1 group says "no limit" with a number. */
const unlimitedBytes = 2 ** 60;

/**
 * The tightest limits on the way from the process's group to the root, in either version of the interface.
 * `root` is `/`, or a folder that looks like it.
 */
export function cgroupLimits(root = "/"): CgroupLimits {
  const groups = (readText(join(root, "proc/self/cgroup")) ?? "")
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 3);
  const pathOf = (controller: string) =>
    groups
      .find(([, names]) => names?.split(",").includes(controller))
      ?.slice(2)
      .join(":");
  const unified = groups
    .find(([id]) => id === "0")
    ?.slice(2)
    .join(":");
  const base = join(root, "sys/fs/cgroup");
  const memory = [
    ...limitsUpwards(base, unified, (folder) => bytes(readText(join(folder, "memory.max")))),
    ...limitsUpwards(join(base, "memory"), pathOf("memory"), (folder) =>
      bytes(readText(join(folder, "memory.limit_in_bytes"))),
    ),
  ];
  const cpus = [
    ...limitsUpwards(base, unified, (folder) =>
      share((readText(join(folder, "cpu.max")) ?? "").trim().split(" ")),
    ),
    ...limitsUpwards(join(base, "cpu"), pathOf("cpu"), (folder) =>
      share([
        readText(join(folder, "cpu.cfs_quota_us")) ?? "",
        readText(join(folder, "cpu.cfs_period_us")) ?? "",
      ]),
    ),
  ];
  return { memoryBytes: tightest(memory), cpus: tightest(cpus) };
}

function limitsUpwards(
  base: string,
  group: string | undefined,
  limitOf: (folder: string) => number | null,
): readonly number[] {
  const found: number[] = [];
  for (let path = group; path !== undefined; path = path === "/" ? undefined : dirname(path)) {
    const limit = limitOf(join(base, path));
    if (limit !== null) found.push(limit);
  }
  return found;
}

function bytes(text: string | null): number | null {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) && value < unlimitedBytes ? value : null;
}

/** `max` or -1 as quota: no limit. */
function share([quota, period]: readonly string[]): number | null {
  const value = Number(quota) / Number(period);
  return Number.isFinite(value) && value > 0 ? value : null;
}

const tightest = (limits: readonly number[]) => (limits.length === 0 ? null : Math.min(...limits));
