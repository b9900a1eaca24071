import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { labelNames } from "../docker/container-labels.ts";
import { removeContainer } from "../docker/container.ts";
import { listContainers } from "../docker/container-state.ts";
import { dockerCommand } from "../docker/docker-command.ts";

export interface ContainerRemoval {
  /** Names of the containers that were there and are gone. */
  readonly removed: readonly string[];
  /** Why some may still be there; null when none is. */
  readonly failure: string | null;
}

/** Also after the deadline, on a machine that stood still or whose Docker takes long. */
const looksMin = 5;

/**
 * Removes every container under a supervisor's care, and looks again until none is left: one that the driver asked for
 * in its last moment appears after it is gone. Never rejects.
 */
export async function removeRunContainers(
  supervisorId: string,
  options: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly deadlineMs: number;
  },
): Promise<ContainerRemoval> {
  const docker = dockerCommand(options.environment);
  const startMs = performance.now();
  const removed = new Set<string>();
  let failure: string | null = null;
  let emptyLooks = 0;
  for (let looks = 1; emptyLooks < 3; looks += 1) {
    try {
      const found = await listContainers(docker, [`${labelNames.supervisor}=${supervisorId}`]);
      emptyLooks = found.length === 0 ? emptyLooks + 1 : 0;
      await Promise.all(found.map(({ id }) => removeContainer(docker, id)));
      for (const { name } of found) removed.add(name);
      failure = null;
    } catch (thrown) {
      failure = messageOf(thrown);
    }
    if (emptyLooks < 3 && looks >= looksMin && performance.now() - startMs > options.deadlineMs) {
      failure ??= `new containers still appeared after ${looks} looks`;
      break;
    }
    await sleep(100);
  }
  return { removed: [...removed], failure };
}
