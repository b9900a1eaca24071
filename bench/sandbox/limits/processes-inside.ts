import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../../host/read-text.ts";

/** What runs in a sandbox, by its own `/proc`, in which nothing but its processes is seen. */
export interface InsideUse {
  /** Threads of all processes: the kernel limits these, and calls them processes. */
  readonly threads: number;
  /** Memory that is no file's, of all processes; what several share counts in each, so it is this or less. */
  readonly memoryBytesMost: number;
}

export function useInside(initPid: number): InsideUse {
  let [threads, memoryBytesMost] = [0, 0];
  for (const folder of processesInside(initPid)) {
    const status = readText(join(folder, "status")) ?? "";
    threads += numberOf(status, "Threads");
    memoryBytesMost += 1024 * (numberOf(status, "RssAnon") + numberOf(status, "RssShmem"));
  }
  return { threads, memoryBytesMost };
}

/** The same memory with what is shared counted once. It costs the kernel a walk through all of it. */
export function memoryInside(initPid: number): number {
  const sizes = processesInside(initPid).map((folder) => {
    const rollup = readText(join(folder, "smaps_rollup")) ?? "";
    return 1024 * (numberOf(rollup, "Pss_Anon") + numberOf(rollup, "Pss_Shmem"));
  });
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function processesInside(initPid: number): readonly string[] {
  const table = join("/proc", String(initPid), "root/proc");
  return namesIn(table)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => join(table, name));
}

const numberOf = (status: string, key: string) =>
  Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // The sandbox has ended.
  }
}
