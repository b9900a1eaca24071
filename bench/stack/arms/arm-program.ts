import { join } from "node:path";
import { processPart } from "../part.ts";
import { spawnManaged, type ManagedProcess } from "../supervisor/managed-process.ts";
import type { ArmContext } from "./arm-target.ts";
import { awaitHttp, type HttpProbe } from "./await-http.ts";

/** A program of somebody else that an arm needs. */
export interface ArmProgram {
  /** Arm it belongs to. */
  readonly arm: string;
  /** Which of the arm's programs, for messages and the name of its log, e.g. `areal router`. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** On top of what every child of the run gets. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly ready: HttpProbe;
}

/**
 * Starts a program in a process group of its own, with the run's name in its environment, so that it ends with the run
 * however that ends. The stack owns it afterwards.
 * @throws {StartError} with the end of its log when it ends early or does not answer within `limits.startSeconds`
 */
export async function startProgram(program: ArmProgram, context: ArmContext): Promise<ManagedProcess<true>> {
  const { options } = context;
  const [file = "", ...args] = program.command;
  const started = await spawnManaged(file, {
    name: program.name,
    args,
    environment: { ...options.childEnvironment, ...program.environment },
    ...(program.workingDirectory === undefined ? {} : { workingDirectory: program.workingDirectory }),
    logFile: join(options.logDirectory, `${program.name.replaceAll(/[^\w.-]+/g, "-")}.log`),
    probe: async (signal) => {
      await awaitHttp(program.ready, signal);
      return true as const;
    },
    startTimeoutMs: options.experiment.limits.startSeconds * 1000,
    keeper: options.keeper,
    signal: options.signal,
  });
  context.own({ part: "gateway", arm: program.arm, running: processPart(started) });
  return started;
}
