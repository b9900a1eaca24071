import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { labelNames } from "../docker/container-labels.ts";
import { removeContainer } from "../docker/container.ts";
import { listContainers } from "../docker/container-state.ts";
import { DockerClient } from "../docker/docker-client.ts";
import { parseDockerHost } from "../docker/docker-host.ts";

export interface ContainerRemoval {
  /** Names of the containers that were there and are gone. */
  readonly removed: readonly string[];
  /** Why some may still be there; null when none is. */
  readonly failure: string | null;
}

/**
 * Removes every container under a supervisor's care, and looks again until none is left: one that the driver asked for
 * in its last moment appears after it is gone. Never rejects.
 */
export async function removeRunContainers(
  dockerHost: string,
  supervisorId: string,
  options: { readonly deadlineMs: number },
): Promise<ContainerRemoval> {
  const startMs = performance.now();
  const removed = new Set<string>();
  let failure: string | null = null;
  for (let emptyLooks = 0; emptyLooks < 3;) {
    try {
      await using client = await DockerClient.connect(parseDockerHost(dockerHost));
      const found = await listContainers(client, [`${labelNames.supervisor}=${supervisorId}`]);
      emptyLooks = found.length === 0 ? emptyLooks + 1 : 0;
      await Promise.all(found.map(({ id }) => removeContainer(client, id)));
      for (const { name } of found) removed.add(name);
      failure = null;
    } catch (thrown) {
      failure = messageOf(thrown);
    }
    if (performance.now() - startMs > options.deadlineMs) break;
    await sleep(100);
  }
  return { removed: [...removed], failure };
}
