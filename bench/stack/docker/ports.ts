import type { DockerStackSpec } from "../../config/docker-schema.ts";

/** Ports of one model server. Containers use the host's network, so every port is one of the node. */
export interface EnginePorts {
  readonly http: number;
  /** Where the tensor-parallel ranks meet. */
  readonly nccl: number;
}

export interface StackPorts {
  readonly agent: EnginePorts;
  readonly user: EnginePorts;
}

/**
 * Every port of a stack from one base. The servers are 100 apart, because SGLang takes its HTTP port + 233 and a few
 * more by itself with data-parallel attention.
 */
export function portsOf({ basePort }: Pick<DockerStackSpec, "basePort">): StackPorts {
  return {
    agent: { http: basePort, nccl: basePort + 50 },
    user: { http: basePort + 100, nccl: basePort + 150 },
  };
}

/** First of the ten ports that belong to the arm with this index. */
export function armPort({ basePort }: Pick<DockerStackSpec, "basePort">, index: number): number {
  return basePort + 400 + index * 10;
}

/** Every port that a stack listens on, with what listens there. */
export function listening(
  stack: DockerStackSpec,
  containedArms: readonly { readonly name: string; readonly index: number }[],
  roles: readonly (keyof StackPorts)[] = ["agent", "user"],
): ReadonlyMap<number, string> {
  const ports = portsOf(stack);
  return new Map([
    ...roles.flatMap((role) => [
      [ports[role].http, `${role} engine`] as const,
      [ports[role].nccl, `${role} engine, NCCL`] as const,
    ]),
    ...containedArms.map(({ name, index }) => [armPort(stack, index), `arm ${name}`] as const),
  ]);
}
