import { rm } from "node:fs/promises";
import { messageOf } from "../../errors.ts";
import { removeContainer } from "../../docker/container.ts";
import type { Docker } from "../../docker/docker-command.ts";
import { terminateRun } from "../../supervisor/run-processes.ts";
import type { Orphan } from "./orphan.ts";

/** Why things could not be removed, by `id`; empty when all went. Containers first, scratch folders last. */
export async function removeOrphans(
  orphans: readonly Orphan[],
  docker: Docker | null,
): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  const attempt = async (id: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (thrown) {
      failures.set(id, messageOf(thrown));
    }
  };
  const ofKind = (kind: Orphan["kind"]) => orphans.filter((one) => one.kind === kind);
  if (docker !== null)
    await Promise.all(ofKind("container").map(({ id }) => attempt(id, () => removeContainer(docker, id))));
  for (const { runId, supervisorId } of owners(ofKind("process"))) {
    const { left } = await terminateRun({ runId, supervisorId }, { graceMs: 2_000, deadlineMs: 7_500 });
    for (const { pid } of left) failures.set(String(pid), "it does not end");
  }
  await Promise.all(
    ofKind("scratch").map(({ id }) =>
      attempt(id, () => rm(id, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })),
    ),
  );
  return failures;
}

/** Run and supervisor together: a resumed run has the id of the one that died. */
function owners(processes: readonly Orphan[]): readonly { runId: string; supervisorId: string }[] {
  const found = processes.flatMap(({ runId, supervisorId }) =>
    runId === null || supervisorId === null ? [] : [{ runId, supervisorId }],
  );
  return [...new Map(found.map((owner) => [JSON.stringify(owner), owner])).values()];
}
