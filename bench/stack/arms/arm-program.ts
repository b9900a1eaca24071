import { join } from "node:path";
import { processPart } from "../part.ts";
import { spawnManaged } from "../../supervisor/managed-process.ts";
import { startArmContainer } from "./arm-container.ts";
import type { ArmContext } from "./arm-kind.ts";
import { awaitHttp, type HttpProbe } from "../await-http.ts";
import { freePorts } from "../../host/free-port.ts";

/** A program of somebody else that an arm needs. */
export interface ArmProgram {
  /** Arm it belongs to. */
  readonly arm: string;
  /** Which of the arm's programs, for messages and the name of its log, e.g. `areal router`. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** On top of what every child of the run gets; in a container on top of what its image sets. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string | undefined;
  /** Image to run it in; absent for a process of this machine. */
  readonly image?: string | undefined;
  /** `/here:/there[:ro]`, for a container. */
  readonly volumes?: readonly string[];
  readonly ports: readonly number[];
  readonly ready: HttpProbe;
}

/**
 * Starts a program: a process in a group of its own, with the run's name in its environment, or a container with the
 * run's label; either ends with the run however that ends. The stack owns it afterwards.
 * @throws {StartError} with the end of its log when it ends early or does not answer in time
 */
export async function startProgram(program: ArmProgram, context: ArmContext): Promise<void> {
  const { image, volumes = [], environment = {} } = program;
  if (image !== undefined) {
    const ready = [program.ready.url];
    await startArmContainer({ ...program, image, volumes, environment, secrets: {}, ready }, context);
    return;
  }
  const [file = "", ...args] = program.command;
  const started = await spawnManaged(file, {
    name: program.name,
    args,
    environment: { ...context.childEnvironment, ...environment },
    ...(program.workingDirectory === undefined ? {} : { workingDirectory: program.workingDirectory }),
    logFile: join(context.logDirectory, `${program.name.replaceAll(/[^\w.-]+/g, "-")}.log`),
    probe: async (signal) => {
      await awaitHttp(program.ready, signal);
      return true as const;
    },
    startTimeoutMs: context.startSeconds * 1000,
    keeper: context.keeper,
    signal: context.signal,
  });
  context.own({ part: "gateway", arm: program.arm, running: processPart(started) });
}

/** Ports for an arm's programs: its reserved ones on a Docker stack. */
export async function armPorts(count: number, { firstPort }: ArmContext): Promise<number[]> {
  return firstPort === null ? freePorts(count) : Array.from({ length: count }, (_, at) => firstPort + at);
}
