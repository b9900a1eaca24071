import { z } from "zod";
import type { KubernetesObject } from "../kubectl/kubernetes-object.ts";
import { readPod, statusesOf, type Pod } from "../rollout/pod.ts";
import { driverContainer } from "./shard-run-plan.ts";

/** A pod that runs, or ran, a shard. */
export interface ShardPod {
  readonly name: string;
  readonly index: number;
  readonly node: string | null;
  readonly isRunning: boolean;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** How it ended, where it failed. */
  readonly failure: string | null;
  readonly pod: Pod;
}

const indexLabel = "batch.kubernetes.io/job-completion-index";
const shardSchema = z.looseObject({
  containers: z.array(z.looseObject({ name: z.string(), args: z.array(z.string()).nullish() })).nullish(),
});

/** Those that run a shard; a reader is none. */
export function shardPods(objects: readonly KubernetesObject[]): readonly ShardPod[] {
  return objects.flatMap((object) => {
    const index = indexOf(object);
    if (index === null) return [];
    const pod = readPod(object);
    const driver = statusesOf(pod).find(({ name }) => name === driverContainer);
    const started = driver?.state?.running?.startedAt ?? null;
    const end = driver?.state?.terminated;
    return [
      {
        name: pod.metadata.name,
        index,
        node: pod.spec?.nodeName ?? null,
        isRunning: started !== null,
        startedAt: started ?? z.looseObject({ startedAt: z.string() }).safeParse(end).data?.startedAt ?? null,
        endedAt: end?.finishedAt ?? null,
        failure: failureOf(pod, end),
        pod,
      },
    ];
  });
}

/** By the label of an Indexed Job, or by the arguments of a shard that is run again by itself. */
function indexOf({ metadata, ...object }: KubernetesObject): number | null {
  const label = metadata.labels?.[indexLabel];
  if (label !== undefined) return Number(label);
  const { data } = shardSchema.safeParse(object["spec"]);
  const args = data?.containers?.find(({ name }) => name === driverContainer)?.args ?? [];
  const shard = /^(\d+)\/\d+$/.exec(args[args.indexOf("--shard") + 1] ?? "");
  return shard === null ? null : Number(shard[1]);
}

interface End {
  readonly exitCode?: number | null | undefined;
  readonly reason?: string | null | undefined;
  readonly message?: string | null | undefined;
}

function failureOf({ status }: Pod, end: End | null | undefined): string | null {
  if (status?.phase !== "Failed") return null;
  const why = status.reason == null ? "" : `${status.reason}: `;
  if (end == null) return `${why}${status.message ?? "it never ran"}`;
  const said = (end.message ?? "").trim().split("\n").slice(-3).join("\n      ");
  const how = end.reason === "OOMKilled" ? "out of memory" : `exit code ${end.exitCode ?? "unknown"}`;
  return said === "" ? `${why}${how}` : `${why}${how}; it said last:\n      ${said}`;
}

/** Shards that were on one node at the same time, in words; none where each had a node of its own. */
export function sharedNodes(pods: readonly ShardPod[]): readonly string[] {
  const together = new Map<string, Set<number>>();
  for (const one of pods)
    for (const other of pods) {
      if (one.index >= other.index || one.node === null || one.node !== other.node) continue;
      if (!overlap(one, other)) continue;
      const own = together.get(one.node) ?? new Set<number>();
      together.set(one.node, own.add(one.index).add(other.index));
    }
  return [...together].map(
    ([node, indexes]) =>
      `shards ${[...indexes].toSorted((a, b) => a - b).join(", ")} ran at the same time on node ${node}: they share what it has. kubernetes.oneShardPerNode keeps them apart`,
  );
}

function overlap(one: ShardPod, other: ShardPod): boolean {
  if (one.startedAt === null || other.startedAt === null) return false;
  const end = ({ endedAt }: ShardPod) => endedAt ?? "9";
  return one.startedAt < end(other) && other.startedAt < end(one);
}
