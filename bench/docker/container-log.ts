import { closeSync, openSync, statSync } from "node:fs";
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
