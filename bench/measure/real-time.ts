import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";

const run = promisify(execFile);

/** How the kernel schedules a thread; `why`: the reason for which real time was not granted. */
export type Scheduling =
  { readonly policy: "real-time" } | { readonly policy: "normal"; readonly why: string };

const loneCollection = "--single-threaded-gc";

/**
 * Flags of Node for a process that is made real-time: garbage is collected by the thread that makes it. V8's helper threads
 * stay normal. A real-time thread would wait for them until others have computed (120 ms on a busy machine), or ask in every
 * turn of its loop whether C++ objects are swept, and so keep them from the processor until the kernel takes that away from
 * it, after 0.95 s: with a client and an engine like that on two processors nothing else ran, no request was sent, and nothing
 * was stolen.
 */
export const realTimeFlags = [loneCollection];

/**
 * The part of that which holds for threads: those that start until the returned function is called sweep C++ objects alone.
 * For a process whose other work is better off with helpers: a report of 100,000 episodes takes 1.3 GB without them, and 0.7
 * with them. V8 reads the flag when it makes the heap of a thread.
 */
export function beginLoneSweeping(): () => void {
  setFlagsFromString(loneCollection);
  return () => setFlagsFromString(loneCollection.replace("--", "--no-"));
}

/**
 * Asks the kernel to run a thread of this machine as soon as it has something to do (SCHED_FIFO, priority 1). Without
 * that a thread that waits for bytes is woken and then waits for a processor until others have computed: on a machine
 * with few processors its stamps are milliseconds late. Needs root or CAP_SYS_NICE, and util-linux's chrt in the PATH; where those are
 * missing everything works as before, and the answer says so. Threads and processes that it starts do not inherit it. Its
 * process needs `realTimeFlags`, or the thread `beginLoneSweeping`.
 *
 * @param threadId of Linux; that of a process's main thread is its pid
 */
export async function makeRealTime(
  threadId: number | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Scheduling> {
  if (threadId === null) return { policy: "normal", why: "this system has no /proc" };
  const { PATH = "" } = environment;
  try {
    await run("chrt", ["--reset-on-fork", "--fifo", "--pid", "1", String(threadId)], { env: { PATH } });
    return { policy: "real-time" };
  } catch (error) {
    return { policy: "normal", why: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const { code, stderr, message } = error as NodeJS.ErrnoException & { readonly stderr?: string };
  if (code === "ENOENT") return "chrt (util-linux) is not in the PATH";
  return stderr?.trim().split("\n").at(-1) || message;
}

/** The id of the thread that asks; null where the system does not tell. */
export function ownThreadId(): number | null {
  try {
    return Number(basename(readlinkSync("/proc/thread-self")));
  } catch {
    return null; // Not Linux.
  }
}

/** e.g. `normal (chrt: failed to set pid 7's policy: Operation not permitted)` */
export function schedulingText(scheduling: Scheduling): string {
  return scheduling.policy === "normal" ? `normal (${scheduling.why})` : scheduling.policy;
}
