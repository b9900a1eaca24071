import { link, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, RunUnreadableError } from "../errors.ts";
import { hasProcessTable, liveProcess, startedMs } from "../host/process-table.ts";
import { StorageError, storing, systemErrorCode } from "./storage-error.ts";

/** Boot time in `/proc/stat` has whole seconds. */
const startTimeSlackMs = 2000;

/**
 * `driver.pid`: the process that writes a run directory. It holds nothing but the pid, because people and scripts do
 * `kill $(cat driver.pid)`.
 */
export class DriverLock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws RunUnreadableError while another driver is alive, StorageError when the file cannot be written. */
  static async acquire(runDirectory: string, pid: number): Promise<DriverLock> {
    const path = join(runDirectory, "driver.pid");
    const mine = `${path}.${pid}`;
    await storing(mine, "Cannot write", () => writeFile(mine, `${pid}\n`));
    try {
      await removeStale(runDirectory, path, `${mine}.stale`);
      // A link appears with its content in one step, and fails when another driver was faster.
      await storing(path, "Cannot create", () => link(mine, path));
    } catch (thrown) {
      const cause = thrown instanceof StorageError ? thrown.cause : null;
      if (systemErrorCode(cause) === "EEXIST") throw refusal(runDirectory, "another process", thrown);
      throw thrown;
    } finally {
      await rm(mine, { force: true });
    }
    return new DriverLock(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** Removes the file of a dead driver. Throws RunUnreadableError when the driver lives. */
async function removeStale(runDirectory: string, path: string, aside: string): Promise<void> {
  const before = await readIfPresent(path);
  if (before === null) return;
  const owner = await driverOf(runDirectory);
  if (owner !== null) throw refusal(runDirectory, `process ${owner}`, undefined);
  await rename(path, aside);
  const moved = await readIfPresent(aside);
  await rm(aside, { force: true });
  if (moved === before) return;
  // Another driver wrote its file between the check and the rename: its file is put back.
  await writeFile(path, moved ?? "", { flag: "wx" });
  throw refusal(runDirectory, "another process", undefined);
}

function refusal(runDirectory: string, who: string, cause: unknown): RunUnreadableError {
  return new RunUnreadableError(
    `${runDirectory} is being written by ${who}. Watch it with \`tollgate attach\`, or end it with \`tollgate stop\` first.`,
    { cause },
  );
}

/** The living driver of a run, or null: no file, a dead process, a zombie, or a pid that the system gave to another. */
export async function driverOf(runDirectory: string): Promise<number | null> {
  const path = join(runDirectory, "driver.pid");
  const text = await readIfPresent(path);
  const pid = Number.parseInt(text ?? "", 10);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isRunning(pid)) return null;
  if (!hasProcessTable) return pid;
  const found = liveProcess(pid);
  const writtenMs = (await stat(path)).mtimeMs;
  return found === null || startedMs(found) > writtenMs + startTimeSlackMs ? null : pid;
}

/**
 * The driver of a run as somebody may signal it. `driver.pid` alone does not say that: in a copied directory the number
 * belongs to any process, and a signal would end that one. A driver has the run's records open for as long as it runs.
 * @throws {ConfigError} when the process that `driver.pid` names is alive and writes no records of this run
 */
export async function signalableDriver(runDirectory: string): Promise<number | null> {
  const pid = await driverOf(runDirectory);
  if (pid === null || (await hasOpen(pid, join(runDirectory, "records.jsonl"))) !== false) return pid;
  throw new ConfigError(
    `Process ${pid}, which ${join(runDirectory, "driver.pid")} names, does not write this run's records: it began to just now, or it is another program, and the directory a copy. Nothing was signalled.`,
  );
}

/** null on systems that do not tell which files a process has open, and for processes of other users. */
async function hasOpen(pid: number, path: string): Promise<boolean | null> {
  try {
    const wanted = await stat(path);
    for (const name of await readdir(`/proc/${pid}/fd`)) {
      const open = await stat(`/proc/${pid}/fd/${name}`).catch(() => null);
      if (open?.ino === wanted.ino && open.dev === wanted.dev) return true;
    }
    return false;
  } catch (thrown) {
    if (systemErrorCode(thrown) === null) throw thrown;
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return systemErrorCode(thrown) === "EPERM";
  }
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR") return null;
    throw thrown;
  }
}
