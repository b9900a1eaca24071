import { existsSync, readFileSync, readdirSync } from "node:fs";
import { readText } from "./read-text.ts";
import { withoutKeys } from "./secret-words.ts";

/** A live process (zombies are not: nothing of them runs). */
export interface LiveProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Clock ticks after boot. With the pid it identifies a process: pids are used again. */
  readonly startTicks: number;
  readonly command: string;
}

/** False on platforms without procfs: there only registered processes can be found. */
export const hasProcessTable = existsSync("/proc/self/environ");

/** All processes that this user may see. Empty without procfs. */
export function liveProcesses(): readonly LiveProcess[] {
  if (!hasProcessTable) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => liveProcess(Number(name)))
    .filter((found) => found !== null);
}

/** Reads one process; null when it is gone or a zombie, and without procfs. */
export function liveProcess(pid: number): LiveProcess | null {
  const stat = readProcFile(pid, "stat");
  if (stat === null) return null;
  // The name is in parentheses and may itself hold spaces and parentheses; the fields start after the last one.
  const nameEnd = stat.lastIndexOf(")");
  const [state, parentPid, groupId, ...rest] = stat.slice(nameEnd + 2).split(" ");
  if (state === "Z" || state === "X") return null;
  // It goes into logs, and a command line may hold keys.
  const commandLine = withoutKeys((readProcFile(pid, "cmdline") ?? "").split("\0"))
    .join(" ")
    .trim();
  return {
    pid,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    // Field 22 of stat(5); `rest` begins with field 6.
    startTicks: Number(rest[16]),
    command: commandLine || stat.slice(stat.indexOf("(") + 1, nameEnd),
  };
}

/** When a process started, milliseconds since the epoch, to a second: the boot time is known in whole seconds. */
export function startedMs({ startTicks }: LiveProcess): number {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readText("/proc/stat") ?? "")?.[1]);
  // USER_HZ is 100 on every Linux that Node supports.
  return bootSeconds * 1000 + startTicks * 10;
}

/** The environment a process was started with; empty when it is gone or belongs to somebody else. */
export function startEnvironment(pid: number): ReadonlyMap<string, string> {
  const text = readProcFile(pid, "environ") ?? "";
  return new Map(
    text.split("\0").flatMap((entry): [string, string][] => {
      const equals = entry.indexOf("=");
      return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)]] : [];
    }),
  );
}

function readProcFile(pid: number, name: "stat" | "cmdline" | "environ"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    // Processes end while the table is read, and others' environments are private.
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw thrown;
  }
}
