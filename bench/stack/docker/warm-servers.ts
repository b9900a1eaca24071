import { join } from "node:path";
import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Engine } from "../engine.ts";
import { labelNames, warmLabels } from "../../docker/container-labels.ts";
import { listContainers, type ListedContainer } from "../../docker/container-state.ts";
import { removeContainer, type RunningContainer } from "../../docker/container.ts";
import { startTogether } from "../start-together.ts";
import type { EngineRole } from "./engine-container.ts";
import { prepareEngines, startEngine } from "./docker-engines.ts";
import type { DockerNode } from "./docker-node.ts";

export interface WarmServers {
  readonly experiment: string;
  readonly stack: DockerStackSpec;
  /** Those that are kept; each sweep starts the others. */
  readonly roles: readonly EngineRole[];
  /** Gets `agent-engine.log` and `user-engine.log`, of the start only: `docker logs` has the rest. */
  readonly logDirectory: string;
}

/** A server that is kept warm now. */
export interface WarmServer {
  readonly engine: Engine;
  readonly container: string;
  /** True when it ran already. */
  readonly adopted: boolean;
}

/**
 * Starts the servers and leaves them running; one that runs already as it should is left as it is.
 * @throws {StartError} when one does not come up; what this call started is removed again.
 */
export async function startWarm(node: DockerNode, warm: WarmServers): Promise<readonly WarmServer[]> {
  const prepared = await prepareEngines(node, warm.stack, {
    name: (role) => warmName(warm.experiment, role),
    labels: (role) => warmLabels({ experiment: warm.experiment }, role),
    roles: ["agent", "user"],
  });
  await using started = new AsyncDisposableStack();
  const containers: RunningContainer[] = [];
  const kept = prepared.filter(({ plan }) => warm.roles.includes(plan.role));
  const starts = kept.map((engine) => {
    const { role, container } = engine.plan;
    const start = async (signal: AbortSignal): Promise<WarmServer> => {
      const described = await startEngine(node, engine, {
        logFile: join(warm.logDirectory, `${role}-engine.log`),
        evidenceDirectory: null,
        own: (running) => {
          containers.push(running);
          started.use(running);
        },
        signal,
      });
      const name = engine.adopt?.name ?? container.name;
      return { engine: described, container: name, adopted: engine.adopt !== null };
    };
    return [role, start] as const;
  });
  const servers = await startTogether(Object.fromEntries(starts), node.signal);
  for (const container of containers) container.detach();
  return Object.values(servers);
}

/** Removes the warm servers of an experiment, whatever their state. */
export async function stopWarm(node: DockerNode, experiment: string): Promise<readonly ListedContainer[]> {
  const found = await listContainers(node.docker, [`${labelNames.warm}=${experiment}`]);
  await Promise.all(found.map(({ id }) => removeContainer(node.docker, id)));
  return found;
}

function warmName(experiment: string, role: string): string {
  return `tollgate-warm-${experiment}-${role}`;
}
