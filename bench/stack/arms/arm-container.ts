import { join } from "node:path";
import { runLabels } from "../../docker/container-labels.ts";
import { containerSpec } from "../../docker/container-spec.ts";
import { startContainer } from "../../docker/container.ts";
import { ownerOfRun } from "../../supervisor/run-environment.ts";
import { DockerNode } from "../docker/docker-node.ts";
import { portsLabel, volumeOf } from "../docker/engine-container.ts";
import { waitUntilServing } from "../docker/engine-server.ts";
import type { ArmContext } from "./arm-kind.ts";

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
export async function startArmContainer(program: ArmContainer, context: ArmContext): Promise<void> {
  const run = ownerOfRun(context.childEnvironment);
  const slug = program.name.replaceAll(/[^\w.-]+/g, "-");
  const { tell, signal } = context;
  const environment = { ...context.environment, ...context.childEnvironment };
  const node = await DockerNode.connect({ environment, tell, signal });
  await node.images([program.image], context.pull);
  const spec = containerSpec({
    name: `tollgate-${run.runId}-${slug}`,
    image: program.image,
    command: program.command,
    environment: program.environment,
    secretEnvironment: Object.keys(program.secrets),
    volumes: program.volumes.map(volumeOf),
    labels: { ...runLabels(run, program.arm), [portsLabel]: program.ports.join(",") },
  });
  const running = await startContainer(node.docker, spec, {
    part: `gateway ${program.name}`,
    logFile: join(context.logDirectory, `${slug}.log`),
    stopGraceMs: 5_000,
    tell,
    signal,
    secrets: program.secrets,
  });
  context.own({ part: "gateway", arm: program.arm, running });
  const deadlineMs = context.startSeconds * 1000;
  await waitUntilServing({ urls: program.ready, container: running, deadlineMs, tell, signal });
}
