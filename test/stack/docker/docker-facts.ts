import type { ContainerFacts } from "../../../bench/docker/container-state.ts";
import { stackSchema } from "../../../bench/config/stack-schema.ts";
import type { DockerStackSpec } from "../../../bench/config/docker-schema.ts";
import { planEngine, type EnginePlan } from "../../../bench/stack/docker/engine-container.ts";

/** A Docker stack as an experiment file would have it. */
export function dockerStack(changes: Readonly<Record<string, unknown>> = {}): DockerStackSpec {
  const parsed = stackSchema.parse({
    kind: "docker",
    model: "Qwen/Qwen3-32B",
    agent: { gpus: [0, 1, 2, 3] },
    user: { gpus: [4, 5, 6, 7] },
    ...changes,
  });
  if (parsed.kind !== "docker") throw new Error("not a docker stack");
  return parsed;
}

/** The plan of an agent engine on a machine without any model. */
export function planOf(stack: DockerStackSpec): EnginePlan {
  return planEngine("agent", stack, { home: "/nowhere", machine: {}, name: "tollgate-x-agent", labels: {} });
}

export function enginePlan(facts: { readonly gpus: readonly string[]; readonly ports: string }): EnginePlan {
  const plan = planOf(dockerStack());
  const labels = { "tollgate.ports": facts.ports };
  return { ...plan, container: { ...plan.container, gpus: facts.gpus, labels } };
}

export function runningContainer(facts: Partial<ContainerFacts>): ContainerFacts {
  return {
    id: "c".repeat(64),
    name: "c",
    image: "i",
    imageId: "sha256:1",
    status: "running",
    running: true,
    exitCode: null,
    outOfMemory: false,
    error: "",
    startedAt: null,
    pid: 1,
    entrypoint: [],
    command: [],
    environment: [],
    labels: {},
    gpus: [],
    ...facts,
  };
}
