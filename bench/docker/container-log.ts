import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { messageOf } from "../errors.ts";
import type { Docker } from "./docker-command.ts";

export interface FollowLogOptions {
  readonly containerId: string;
  /** The container's output is appended to it, and what `docker logs` itself complains about. */
  readonly logFile: string;
  /** Only what was written from this time on, in seconds since 1970; 0 is everything. */
  readonly sinceSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Copies a container's output into a file until it ends; the bytes do not pass through this process. Resolves with null
 * then, and with the reason when it broke off before. Never rejects: a log that cannot be written must not end a run.
 */
export async function followLog(docker: Docker, options: FollowLogOptions): Promise<string | null> {
  let log: number | null = null;
  try {
    log = openSync(options.logFile, "a");
    const since = options.sinceSeconds === 0 ? [] : ["--since", String(options.sinceSeconds)];
    const call = { output: log, signal: options.signal, timeoutMs: null };
    await docker(["logs", "--follow", ...since, options.containerId], call);
    return null;
  } catch (thrown) {
    return messageOf(thrown);
  } finally {
    if (log !== null) closeSync(log);
  }
}

/** Size of a log file, 0 when it does not exist yet: where the output of the next container begins. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const tailBytes = 64 * 1024;

/**
 * The end of a log file, for messages; of a very long last line only its end. `fromByte` is where the container's own
 * output begins: a resumed run appends to the log of the one before.
 */
export function lastLines(path: string, { count, fromByte }: { count: number; fromByte: number }): string {
  try {
    return readTail(path, fromByte).trimEnd().split("\n").slice(-count).join("\n");
  } catch (thrown) {
    return `(the log cannot be read: ${messageOf(thrown)})`;
  }
}

function readTail(path: string, fromByte: number): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Math.max(fromByte, size - tailBytes);
    const tail = Buffer.alloc(Math.max(0, size - start));
    const bytes = readSync(file, tail, { position: start });
    return tail.toString("utf8", 0, bytes);
  } finally {
    closeSync(file);
  }
}
