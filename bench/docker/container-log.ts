import { closeSync, createWriteStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../errors.ts";
import type { DockerClient } from "./docker-client.ts";
import { LogFrames } from "./log-frames.ts";

export interface FollowLogOptions {
  readonly containerId: string;
  /** The container's output is appended to it. */
  readonly logFile: string;
  /** Only what was written from this time on, in seconds since 1970; 0 is everything. */
  readonly sinceSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Copies a container's output into a file until it ends. Resolves with null then, and with the reason when the stream
 * broke off before. Never rejects: a log that cannot be written must not end a run.
 */
export async function followLog(client: DockerClient, options: FollowLogOptions): Promise<string | null> {
  try {
    const { body } = await client.open({
      method: "GET",
      path: `/containers/${options.containerId}/logs`,
      query: { stdout: "1", stderr: "1", follow: "1", since: String(options.sinceSeconds) },
      signal: options.signal,
      timeoutMs: null,
    });
    await pipeline(body, new LogFrames(), createWriteStream(options.logFile, { flags: "a" }));
    return null;
  } catch (thrown) {
    return messageOf(thrown);
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
