import {
  link,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { join } from "node:path";
import { RunUnreadableError } from "../errors.ts";
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
  /** Open while the driver lives: see `driverOf`. */
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Throws RunUnreadableError while another driver is alive, StorageError when the file cannot be written. */
  static async acquire(runDirectory: string, pid: number): Promise<DriverLock> {
    const path = join(runDirectory, "driver.pid");
    const mine = `${path}.${pid}`;
    const file = await storing(mine, "Cannot write", () => open(mine, "w"));
    try {
      await storing(mine, "Cannot write", () => file.writeFile(`${pid}\n`));
      await removeStale(runDirectory, path, `${mine}.stale`);
      // A link appears with its content in one step, and fails when another driver was faster.
      await storing(path, "Cannot create", () => link(mine, path));
    } catch (thrown) {
      await file.close();
      const cause = thrown instanceof StorageError ? thrown.cause : null;
      if (systemErrorCode(cause) === "EEXIST") throw refusal(runDirectory, "another process", thrown);
      throw thrown;
    } finally {
      await rm(mine, { force: true });
    }
    return new DriverLock(path, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await rm(this.#path, { force: true });
    } catch (thrown) {
      // On a disk that takes nothing any more the file stays, and belongs to nobody as soon as this process is gone.
      if (systemErrorCode(thrown) === null) throw thrown;
    } finally {
      await this.#file.close();
    }
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

/**
 * The living driver of a run, or null: no file, a dead process, or another program that has its number now, as in a copied
 * directory. A driver has its lock open for as long as it lives, which no clock step changes.
 */
export async function driverOf(runDirectory: string): Promise<number | null> {
  const path = join(runDirectory, "driver.pid");
  const text = await readIfPresent(path);
  const pid = Number.parseInt(text ?? "", 10);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isRunning(pid)) return null;
  if (!hasProcessTable) return pid;
  // The second file tells a driver of an older Tollgate.
  const writes = await hasOpen(pid, [path, join(runDirectory, "records.jsonl")]);
  if (writes !== null) return writes ? pid : null;
  // Another user's process: what it has open is not shown, and only times are left to go by.
  const found = liveProcess(pid);
  const writtenMs = (await stat(path)).mtimeMs;
  return found === null || startedMs(found) > writtenMs + startTimeSlackMs ? null : pid;
}

/** null for processes of other users. */
async function hasOpen(pid: number, paths: readonly string[]): Promise<boolean | null> {
  try {
    const wanted = await Promise.all(paths.map((path) => statIfPresent(path)));
    for (const name of await readdir(`/proc/${pid}/fd`)) {
      const held = await statIfPresent(`/proc/${pid}/fd/${name}`);
      if (held !== null && wanted.some((one) => one?.ino === held.ino && one.dev === held.dev)) return true;
    }
    return false;
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    // It ended while it was looked at.
    if (code === "ENOENT" || code === "ESRCH") return false;
    if (code === "EACCES" || code === "EPERM") return null;
    throw thrown;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return systemErrorCode(thrown) === "EPERM";
  }
}

const readIfPresent = (path: string) => ifPresent(readFile(path, "utf8"));
const statIfPresent = (path: string) => ifPresent(stat(path));

async function ifPresent<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR") return null;
    throw thrown;
  }
}
