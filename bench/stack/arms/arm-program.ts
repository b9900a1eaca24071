import { join } from "node:path";
import { runLabels } from "../../docker/container-labels.ts";
import { containerSpec } from "../../docker/container-spec.ts";
import { startContainer } from "../../docker/container.ts";
import { freePorts } from "../../host/free-port.ts";
import { spawnManaged } from "../../supervisor/managed-process.ts";
import { ownerOfRun } from "../../host/run-environment.ts";
import { awaitHttp, type HttpProbe } from "../await-http.ts";
import { DockerNode } from "../docker/docker-node.ts";
import { portsLabel, volumeOf } from "../docker/engine-container.ts";
import { waitUntilServing } from "../docker/engine-server.ts";
import { processPart, type StackPart } from "../part.ts";
import type { ArmContext } from "./arm-kind.ts";

/** A program that an arm needs. */
export interface ArmProgram {
  /** Arm it belongs to. */
  readonly arm: string;
  /** Which of the arm's programs, for messages and the names of its log and container, e.g. `areal router`. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** On top of what every child of the run gets; in a container on top of what its image sets. May hold keys. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string | undefined;
  /** Image to run it in; absent for a process of this machine. */
  readonly image?: string | undefined;
  /** `/here:/there[:ro]`, for a container. */
  readonly volumes?: readonly string[] | undefined;
  readonly ports: readonly number[];
  readonly ready: HttpProbe;
}

/**
 * Starts a program: a process in a group of its own, with the run's name in its environment, or a container with the
 * run's label; either ends with the run however that ends. The stack owns it afterwards.
 * @throws {StartError} with the end of its log when it ends early or does not answer in time
 */
export async function startProgram(program: ArmProgram, context: ArmContext): Promise<void> {
  const own = (running: StackPart) => context.own({ part: "gateway", arm: program.arm, running });
  const slug = program.name.replaceAll(/[^\w.-]+/g, "-");
  const logFile = join(context.logDirectory, `${slug}.log`);
  if (program.image !== undefined) {
    const place = { image: program.image, slug, logFile, own };
    return startContained(program, place, context);
  }
  const [file = "", ...args] = program.command;
  let state = "";
  using _progress = tellWhileWaiting(() => (state === "" ? null : `${program.name}: ${state}`), context.tell);
  const started = await spawnManaged(file, {
    name: program.name,
    args,
    environment: { ...context.childEnvironment, ...program.environment },
    ...(program.workingDirectory === undefined ? {} : { workingDirectory: program.workingDirectory }),
    logFile,
    probe: (signal, note) =>
      awaitHttp(program.ready, signal, (text) => {
        state = text;
        note(text);
      }),
    startTimeoutMs: context.startSeconds * 1000,
    keeper: context.keeper,
    signal: context.signal,
  });
  own(processPart(started));
  const { url, status } = program.ready;
  if (started.ready === status) return;
  context.tell(
    `${program.name} answers GET ${url} with ${started.ready}, not ${status}, and is taken as started: \`ready\` of its arm can say what to ask instead`,
  );
}

const tellEveryMs = 15_000;

/** For a person who waits: a start that hangs can be ended before its time is up. */
function tellWhileWaiting(text: () => string | null, tell: (line: string) => void): Disposable {
  const timer = setInterval(() => {
    const line = text();
    if (line !== null) tell(line);
  }, tellEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

interface ContainedPlace {
  readonly image: string;
  readonly slug: string;
  readonly logFile: string;
  readonly own: (running: StackPart) => void;
}

async function startContained(
  { arm, name, command, environment = {}, volumes = [], ports, ready }: ArmProgram,
  { image, slug, logFile, own }: ContainedPlace,
  context: ArmContext,
): Promise<void> {
  const run = ownerOfRun(context.childEnvironment);
  const { tell, signal } = context;
  const machine = { ...context.environment, ...context.childEnvironment };
  const node = await DockerNode.connect({ environment: machine, tell, signal });
  await node.images([image], context.pull);
  const spec = containerSpec({
    name: `tollgate-${run.runId}-${slug}`,
    image,
    command,
    // Names only: the values may be keys.
    secretEnvironment: Object.keys(environment),
    volumes: volumes.map(volumeOf),
    labels: { ...runLabels(run, arm), [portsLabel]: ports.join(",") },
  });
  const container = await startContainer(node.docker, spec, {
    part: `gateway ${name}`,
    logFile,
    stopGraceMs: 5_000,
    tell,
    signal,
    secrets: environment,
  });
  own(container);
  const deadlineMs = context.startSeconds * 1000;
  await waitUntilServing({ probes: [ready], container, deadlineMs, tell, signal });
}

/** Ports for an arm's programs: its reserved ones on a Docker stack. */
export async function armPorts(count: number, { firstPort }: ArmContext): Promise<number[]> {
  return firstPort === null ? freePorts(count) : Array.from({ length: count }, (_, at) => firstPort + at);
}
