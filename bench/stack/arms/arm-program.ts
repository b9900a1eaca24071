import { join } from "node:path";
import { reservedPort, startArmContainer } from "../docker/arm-container.ts";
import { processPart } from "../part.ts";
import { spawnManaged } from "../../supervisor/managed-process.ts";
import type { ArmContext } from "./arm-target.ts";
import { awaitHttp, type HttpProbe } from "./await-http.ts";
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
  /** Default: `limits.startSeconds`. */
  readonly startTimeoutMs?: number;
}

/**
 * Starts a program: a process in a group of its own, with the run's name in its environment, or a container with the
 * run's label; either ends with the run however that ends. The stack owns it afterwards.
 * @throws {StartError} with the end of its log when it ends early or does not answer in time
 */
export async function startProgram(program: ArmProgram, context: ArmContext): Promise<void> {
  const { options } = context;
  if (program.image !== undefined) {
    const contained = { ...program, image: program.image, volumes: program.volumes ?? [], secrets: {} };
    const environment = program.environment ?? {};
    await startArmContainer({ ...contained, environment, ready: [program.ready.url] }, options, (part) =>
      context.own(part),
    );
    return;
  }
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
    startTimeoutMs: program.startTimeoutMs ?? options.experiment.limits.startSeconds * 1000,
    keeper: options.keeper,
    signal: options.signal,
  });
  context.own({ part: "gateway", arm: program.arm, running: processPart(started) });
}

/** Ports for an arm's programs: its reserved ones on a Docker stack, where every port follows from one base. */
export async function armPorts(arm: string, count: number, { options }: ArmContext): Promise<number[]> {
  const first = reservedPort(options.experiment, arm);
  return first === null ? freePorts(count) : Array.from({ length: count }, (_, at) => first + at);
}
