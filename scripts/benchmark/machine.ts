import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "../../bench/measure/clock.ts";
import { gitFacts, hostFacts } from "../../bench/host/host-facts.ts";
import type { Workbench } from "./measurement.ts";

/** Where and when a benchmark ran. */
interface Machine {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  /** null where Tollgate's sources are no git checkout. */
  readonly revision: string | null;
}

/** What stands around the numbers of every benchmark. */
export interface Circumstances {
  readonly machine: Machine;
  readonly load: { readonly start: number; readonly end: number };
  readonly warning: string | null;
  readonly quick: boolean;
}

/** Measures in a scratch folder that is gone afterwards. `environment`: of this process, of which little goes on. */
export async function measured<Outcome extends object>(
  given: {
    readonly quick: boolean;
    readonly against?: string | undefined;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
  measure: (bench: Workbench) => Promise<Outcome>,
): Promise<Circumstances & Outcome> {
  const { quick, environment } = given;
  const root = resolve(import.meta.dirname, "../..");
  const scratch = await mkdtemp(join(tmpdir(), "tg-bench-"));
  const start = loadAverage();
  const shared = resolve(root, environment["TOLLGATE_SHARED"] ?? "../shared");
  const { PATH = "", HOME = scratch } = environment;
  try {
    const outcome = await measure({
      quick,
      against: given.against === undefined ? undefined : resolve(given.against),
      root,
      scratch,
      shared: existsSync(join(shared, "tau2", "data")) ? shared : null,
      environment: { PATH, HOME, TMPDIR: scratch },
      nowNs: () => systemClock.nowNs(),
    });
    const machine = await machineFacts(new Date());
    const load = { start, end: loadAverage() };
    return { machine, load, warning: loadWarning(load, machine.cpuCount), quick, ...outcome };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The lines before a table. */
export function circumstanceLines({ machine, load, quick }: Circumstances): readonly string[] {
  return [
    `${machine.date}, Tollgate ${machine.revision ?? "without git revision"}, Node ${machine.node}`,
    `${machine.cpu}, ${machine.cpuCount} processors, ${machine.memoryGigabytes} GB, kernel ${machine.kernel}`,
    `load average ${load.start.toFixed(2)} at the start, ${load.end.toFixed(2)} at the end`,
    ...(quick ? ["quick: few repetitions, rough numbers"] : []),
  ];
}

async function machineFacts(date: Date): Promise<Machine> {
  const host = await hostFacts();
  const git = await gitFacts();
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
function loadAverage(): number {
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
