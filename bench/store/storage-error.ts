import { messageOf, TollgateError } from "../errors.ts";

export type StorageReason = "disk-full" | "read-only" | "not-permitted" | "missing" | "input-output";

/** The run directory could not be written. Nothing that was being written counts as finished; the run is resumable. */
export class StorageError extends TollgateError {
  readonly code = "TOLLGATE_STORAGE";
  readonly path: string;
  readonly reason: StorageReason;

  constructor(
    path: string,
    reason: StorageReason,
    options: { readonly cause: unknown; readonly doing: string },
  ) {
    super(`${options.doing} ${path}: ${messageOf(options.cause)}. ${advice[reason]}`, {
      cause: options.cause,
    });
    this.path = path;
    this.reason = reason;
  }
}

const advice: Record<StorageReason, string> = {
  "disk-full":
    "The disk or quota is full; what was finished before is safe. Free space, then continue with --resume.",
  "read-only":
    "The file system is read-only. Choose another folder with --out, or remount it writable and --resume.",
  "not-permitted":
    "The folder may not be written by this user. Change its owner or choose another with --out.",
  missing: "A part of the path does not exist (any more). Check --out and whether the folder was moved.",
  "input-output": "The disk reported an error. Check the device, then continue with --resume.",
};

const reasons: Readonly<Record<string, StorageReason>> = {
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EFBIG: "disk-full",
  EROFS: "read-only",
  EACCES: "not-permitted",
  EPERM: "not-permitted",
  ENOENT: "missing",
  ENOTDIR: "missing",
};

/** Runs one file operation; a system error becomes a StorageError that says what to do; other errors pass unchanged. */
export async function storing<T>(path: string, doing: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === null) throw thrown;
    throw new StorageError(path, reasons[code] ?? "input-output", { cause: thrown, doing });
  }
}

/** `ENOENT` and the like; null for anything that is not an error of the operating system. */
export function systemErrorCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown) || !("syscall" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}
