import { loadavg } from "node:os";
import { gitFacts, hostFacts } from "../../bench/host/host-facts.ts";

/** Where and when a benchmark ran. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  /** null where Tollgate's sources are no git checkout. */
  readonly revision: string | null;
}

export async function machineFacts(root: string, date: Date): Promise<Machine> {
  const host = await hostFacts();
  const git = await gitFacts(root);
  return {
    date: date.toISOString(),
    node: process.version,
    cpu: host.cpuModel,
    cpuCount: host.cpuCount,
    memoryGigabytes: Math.round(host.memoryBytes / 1e9),
    kernel: host.kernel,
    revision:
      git === null ? null : `${git.revision.slice(0, 12)}${git.dirty ? " with uncommitted changes" : ""}`,
  };
}

/** Processes that wanted to run, averaged over the last minute. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

/**
 * Why the numbers mean little, or null. Before the first measurement somebody else's work is all there is; afterwards
 * the benchmark's own is in it, which keeps about as many processes running as there are processors, and one more.
 */
export function loadWarning(
  load: { readonly start: number; readonly end: number },
  cpus: number,
): string | null {
  const [before, after] = [load.start > cpus / 2, load.end > cpus + 1];
  if (!before && !after) return null;
  return (
    `THE MACHINE WAS BUSY (load ${load.start.toFixed(1)} before, ${load.end.toFixed(1)} after, ${cpus} processors): ` +
    "times are too long and say little. Run again when it is idle."
  );
}
