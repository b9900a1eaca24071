import { join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import type { OwnedPart } from "../part.ts";
import type { StartStackOptions } from "../start-stack.ts";
import { ownerOfRun } from "../../supervisor/run-environment.ts";
import { containerSpec } from "../../docker/container-spec.ts";
import { runLabels } from "../../docker/container-labels.ts";
import { startContainer } from "../../docker/container.ts";
import { DockerNode } from "./docker-node.ts";
import { portsLabel, volumeOf } from "./engine-container.ts";
import { waitUntilServing } from "./engine-server.ts";
import { armPort } from "./ports.ts";

/** A program that an arm needs, in a container on the host's network. */
export interface ArmContainer {
  readonly arm: string;
  /** For messages, the container's name and its log, e.g. `gateway` or `areal router`. */
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Shown in plans and evidence. */
  readonly environment: Readonly<Record<string, string>>;
  /** Shown nowhere. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `/here:/there[:ro]` */
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
  /** GET requests that answer 200 when it serves, in this order. */
  readonly ready: readonly string[];
}

/**
 * Starts it, gives it to the stack, and waits until it serves.
 * @throws {StartError} with the end of its log when it ends early or is late
 */
export async function startArmContainer(
  program: ArmContainer,
  options: StartStackOptions,
  own: (part: OwnedPart) => void,
): Promise<void> {
  const run = ownerOfRun(options.childEnvironment);
  const slug = program.name.replaceAll(/[^\w.-]+/g, "-");
  const part = `gateway ${program.name}`;
  const node = await DockerNode.connect(options);
  const { stack, limits } = options.experiment;
  await node.images([program.image], stack.kind === "docker" ? stack.pull : "missing");
  const spec = containerSpec({
    name: `tollgate-${run.runId}-${slug}`,
    image: program.image,
    command: program.command,
    environment: program.environment,
    secretEnvironment: Object.keys(program.secrets),
    volumes: program.volumes.map(volumeOf),
    labels: { ...runLabels(run, program.arm), [portsLabel]: program.ports.join(",") },
  });
  const container = await startContainer(node.docker, spec, {
    part,
    logFile: join(options.logDirectory, `${slug}.log`),
    stopGraceMs: 5_000,
    tell: options.tell,
    signal: options.signal,
    secrets: program.secrets,
  });
  own({ part: "gateway", arm: program.arm, running: container });
  await waitUntilServing({
    urls: program.ready,
    container,
    deadlineMs: limits.startSeconds * 1000,
    tell: options.tell,
    signal: options.signal,
  });
}

/** The first of an arm's ten ports in a Docker stack, whose ports all follow from one base; null elsewhere. */
export function reservedPort({ stack, arms }: Experiment, arm: string): number | null {
  if (stack.kind !== "docker") return null;
  return armPort(
    stack,
    arms.findIndex(({ name }) => name === arm),
  );
}
