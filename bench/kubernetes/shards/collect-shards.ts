import { rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
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
    const more = partial ? ["--partial"] : [];
    const merge = await kubectl.exec(of, [
      "tollgate",
      "merge",
      shardFolder(plan),
      "-o",
      merged,
      "-q",
      ...more,
    ]);
    const said = merge.stderr.trim();
    // 1: merged, and not everything can be used; kubectl ends with it, too, where it loses the connection.
    const files = merge.exitCode <= 1 ? await filesInside(kubectl, of, merged) : null;
    if (files === null)
      throw new StartError(
        "kubernetes",
        `The shards cannot be merged (exit code ${merge.exitCode}): ${said}\nThey lie on the volume claim of the results, in ${shardFolder(plan)}.`,
      );
    await copyWhole(here, files, (to) => kubectl.copyFrom(of, { inside: merged, here: to }));
    await kubectl.exec(of, ["rm", "-rf", merged]);
    return { exitCode: merge.exitCode, said };
  } finally {
    await kubectl.cleaner.delete(target, { wait: false });
  }
}

type Sizes = ReadonlyMap<string, number>;

/** Sizes in bytes by their places below a folder of the pod; null where there is no run. */
async function filesInside(
  kubectl: Kubectl,
  of: Parameters<Kubectl["exec"]>[0],
  folder: string,
): Promise<Sizes | null> {
  const { stdout } = await kubectl.exec(of, [
    "find",
    folder,
    "-type",
    "f",
    "-exec",
    "stat",
    "-c",
    "%s %n",
    "{}",
    "+",
  ]);
  const found = stdout.split("\n").flatMap((line) => {
    const [, bytes, path] = /^(\d+) (.+)$/.exec(line) ?? [];
    return path === undefined ? [] : [[path.slice(folder.length + 1), Number(bytes)] as const];
  });
  return found.some(([name]) => name === "run.json") ? new Map(found) : null;
}

/** A copy that was cut off is never taken for the run: it gets its name when it is whole. */
async function copyWhole(here: string, files: Sizes, copy: (to: string) => Promise<void>): Promise<void> {
  const copying = `${here}.copying`;
  await rm(copying, { recursive: true, force: true });
  try {
    await copy(copying);
    for (const [name, bytes] of files) {
      const arrived = await sizeOf(join(copying, name));
      if (arrived === bytes) continue;
      throw new StartError(
        "kubernetes",
        `The copy of the merged run is not whole: of ${name} ${arrived === null ? "nothing" : `${arrived} of ${bytes} bytes`} came. The shards are as they were; the same command again merges and copies.`,
      );
    }
    await rename(copying, here);
  } catch (thrown) {
    await rm(copying, { recursive: true, force: true });
    throw thrown;
  }
}

/** null where there is no such file. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
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
