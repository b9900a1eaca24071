import { createServer } from "node:net";
import { StartError } from "../../errors.ts";
import { labelNames } from "../../docker/container-labels.ts";
import type { ContainerFacts } from "../../docker/container-state.ts";
import { portsLabel, type EnginePlan } from "./engine-container.ts";

/** Who a container of Tollgate belongs to, in words. */
export function ownerOf({ name, labels }: Pick<ContainerFacts, "name" | "labels">): string {
  const run = labels[labelNames.run];
  const warm = labels[labelNames.warm];
  if (run !== undefined) return `container ${name} of run ${run}`;
  return warm === undefined
    ? `container ${name}`
    : `container ${name}, which \`tollgate up\` keeps for ${warm}`;
}

/**
 * GPUs and ports that a server needs and that another container of Tollgate holds, as lines. The same GPU named by
 * number here and by UUID there is not seen; the ports then are, because a second run begins at the same base.
 */
export function heldByOthers(plan: EnginePlan, running: readonly ContainerFacts[]): readonly string[] {
  const wanted = portsOfLabel(plan.container.labels);
  return running.flatMap((container) => {
    const gpus = container.gpus.filter((gpu) => plan.container.gpus.includes(gpu));
    const ports = portsOfLabel(container.labels).filter((port) => wanted.includes(port));
    return [
      ...(gpus.length === 0
        ? []
        : [`GPU ${gpus.join(", ")} of the ${plan.role} engine is held by ${ownerOf(container)}`]),
      ...(ports.length === 0
        ? []
        : [`port ${ports.join(", ")} of the ${plan.role} engine is held by ${ownerOf(container)}`]),
    ];
  });
}

function portsOfLabel(labels: Readonly<Record<string, string>>): readonly string[] {
  return (labels[portsLabel] ?? "").split(",").filter((port) => port !== "");
}

/** @throws {StartError} naming every port of a server that somebody listens on. */
export async function refuseTakenPorts(plan: EnginePlan): Promise<void> {
  const ports = portsOfLabel(plan.container.labels).map(Number);
  const taken = (await Promise.all(ports.map(async (port) => ((await isFree(port)) ? [] : [port])))).flat();
  if (taken.length === 0) return;
  throw new StartError(
    `${plan.role} engine`,
    `Port ${taken.join(" and ")} of the ${plan.role} engine is taken on this machine (\`ss -ltnp\` shows by whom). End that program or set another stack.basePort.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
