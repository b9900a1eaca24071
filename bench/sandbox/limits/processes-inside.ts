import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../../host/read-text.ts";

/** What runs in a sandbox, by its own `/proc`, in which nothing but its processes is seen. */
export interface InsideUse {
  /** Threads of all processes: the kernel limits these, and calls them processes. */
  readonly threads: number;
  /** Memory that is no file's, of all processes. */
  readonly memoryBytes: number;
}

export function useInside(initPid: number): InsideUse {
  const table = join("/proc", String(initPid), "root/proc");
  let [threads, memoryBytes] = [0, 0];
  for (const name of namesIn(table)) {
    if (!/^\d+$/.test(name)) continue;
    const status = readText(join(table, name, "status")) ?? "";
    threads += numberOf(status, "Threads");
    memoryBytes += 1024 * (numberOf(status, "RssAnon") + numberOf(status, "RssShmem"));
  }
  return { threads, memoryBytes };
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
