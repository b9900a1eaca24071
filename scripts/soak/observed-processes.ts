import { readdirSync, readFileSync } from "node:fs";
import { liveProcesses, startEnvironment } from "../../bench/host/process-table.ts";
import { runVariable } from "../../bench/host/run-environment.ts";

/** One process of a run at one moment. */
export interface ProcessReading {
  readonly name: string;
  /** Resident, in units of 1,000,000 bytes. */
  readonly megabytes: number;
  /** Open files, sockets and pipes. */
  readonly descriptors: number;
  /** Used since it started, in user and kernel mode. */
  readonly cpuSeconds: number;
}

const pageBytes = 4096;
/** USER_HZ: what /proc counts in, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** The driver and everything that carries its run's name. A process that ends meanwhile is left out. */
export function readProcesses(driver: number, runId: string): readonly ProcessReading[] {
  const table = liveProcesses();
  const own = table.filter(({ pid }) => pid === driver || startEnvironment(pid).get(runVariable) === runId);
  return own.flatMap(({ pid, command }) => {
    try {
      const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
      const descriptors = readdirSync(`/proc/${pid}/fd`).length;
      const name = pid === driver ? "driver" : processName(command);
      return [{ name, megabytes: (pages * pageBytes) / 1e6, descriptors, cpuSeconds: cpuSecondsOf(pid) }];
    } catch (thrown) {
      if (["ENOENT", "ESRCH"].includes((thrown as NodeJS.ErrnoException).code ?? "")) return [];
      throw thrown;
    }
  });
}

function cpuSecondsOf(pid: number): number {
  // The second field is a name in brackets that may hold spaces; user and kernel ticks are fields 14 and 15.
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const names: readonly (readonly [RegExp, string])[] = [
  [/\/tap\/program/, "taps"],
  [/\/supervisor\/program/, "supervisor"],
  [/ simulate .*--role agent/, "agent engine"],
  [/ simulate .*--role user/, "user engine"],
  [/ gateway /, "gateway"],
  [/openclaw/, "openclaw"],
];

/** @param command the whole command line */
export function processName(command: string): string {
  return names.find(([pattern]) => pattern.test(command))?.[1] ?? command.slice(0, 30);
}
