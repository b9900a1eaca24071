import { basename } from "node:path";
import { StartError } from "../../errors.ts";
import type { Kubectl } from "../kubectl/kubectl.ts";
import { readPod, statusesOf } from "../rollout/pod.ts";
import { readerOf } from "./shard-job.ts";
import { driverContainer, resultsFolder, shardFolder, type ShardRunPlan } from "./shard-run-plan.ts";

export interface Collected {
  /** Exit code of `tollgate merge`. */
  readonly exitCode: number;
  /** What it said. */
  readonly said: string;
}

/**
 * Merges the shards where they lie, in a pod that sees the volume, and copies the merged run to this machine. The pod is deleted again,
 * and so is the merged run on the volume: the shards are what it is made of.
 * @param here folder that must not exist
 * @throws {StartError} when the shards cannot be merged, or the copy is not whole
 */
export async function collectShards(
  kubectl: Kubectl,
  plan: ShardRunPlan,
  {
    here,
    partial,
    timeoutMs,
  }: { readonly here: string; readonly partial: boolean; readonly timeoutMs: number },
): Promise<Collected> {
  const reader = readerOf(plan);
  const { namespace } = plan;
  const of = { namespace, pod: reader.metadata.name, container: driverContainer };
  const target = { kind: "pod", name: of.pod, namespace };
  await kubectl.delete(target);
  await kubectl.apply([reader], { namespace });
  try {
    await awaitReader(kubectl, target, timeoutMs);
    // A run is called as its folder.
    const merged = `${resultsFolder(plan)}/${basename(here)}`;
    await kubectl.exec(of, ["rm", "-rf", merged]);
    const words = [
      "tollgate",
      "merge",
      shardFolder(plan),
      "-o",
      merged,
      "-q",
      ...(partial ? ["--partial"] : []),
    ];
    const merge = await kubectl.exec(of, words);
    const said = merge.stderr.trim();
    // 1: merged, and not everything can be used.
    if (merge.exitCode !== 0 && merge.exitCode !== 1)
      throw new StartError(
        "kubernetes",
        `The shards cannot be merged (exit code ${merge.exitCode}): ${said}\nThey lie on the volume claim of the results, in ${shardFolder(plan)}.`,
      );
    await kubectl.copyFrom(of, { inside: merged, here });
    await kubectl.exec(of, ["rm", "-rf", merged]);
    return { exitCode: merge.exitCode, said };
  } finally {
    await kubectl.delete(target, { wait: false });
  }
}

async function awaitReader(
  kubectl: Kubectl,
  target: { readonly kind: string; readonly name: string; readonly namespace: string },
  timeoutMs: number,
): Promise<void> {
  const running = await kubectl.waitFor({
    timeoutMs,
    look: async () => {
      const object = await kubectl.get(target);
      if (object === null) return null;
      return statusesOf(readPod(object)).some(({ state }) => state?.running != null) ? true : null;
    },
  });
  if (running === null)
    throw new StartError(
      "kubernetes",
      `Pod ${target.name}, which reads the results, did not run within ${timeoutMs / 1000} s: see \`kubectl describe pod ${target.name} -n ${target.namespace}\`.`,
    );
}
