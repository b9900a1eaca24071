import { join } from "node:path";
import { z } from "zod";
import { compileCacheVariable, ownProgram } from "../own-files.ts";
import { spawnManaged, type ManagedProcess } from "../supervisor/managed-process.ts";

/** What every program that a stack starts is given. */
export interface ChildContext {
  /** The whole environment; carries TOLLGATE_RUN. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  readonly keeper: { watch(pid: number): void; unwatch(pid: number): void };
  readonly startSeconds: number;
  /** Ends the waiting for a part that starts; parts that run are not touched by it. */
  readonly signal: AbortSignal;
}

/** The line a server of ours prints when it serves. */
export const readyLineSchema = z.object({ url: z.url(), pid: z.number() });
export type ReadyLine = z.infer<typeof readyLineSchema>;

/** The shipped command, as a user would start it. */
export const tollgateEntry = ownProgram(new URL("../main.ts", import.meta.url));

export interface OwnProgram {
  /** For messages. */
  readonly name: string;
  /** Script and arguments. */
  readonly args: readonly string[];
  /** Name of its log without `.log`. */
  readonly log: string;
  /** On top of what every child gets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a server of Tollgate's own on this Node. @throws {StartError} with the end of its log */
export function startOwnProgram(
  { name, args, log, environment }: OwnProgram,
  context: ChildContext,
): Promise<ManagedProcess<ReadyLine>> {
  return spawnManaged(process.execPath, {
    name,
    args,
    environment: { ...context.childEnvironment, ...compileCacheVariable(), ...environment },
    logFile: join(context.logDirectory, `${log}.log`),
    readySchema: readyLineSchema,
    startTimeoutMs: context.startSeconds * 1000,
    keeper: context.keeper,
    signal: context.signal,
  });
}
