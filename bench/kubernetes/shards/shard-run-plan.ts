import { createHash } from "node:crypto";
import type { KubernetesSettings } from "../../config/kubernetes-schema.ts";
import type { ShardSplit } from "../../plan/shard.ts";

/** A sweep that is divided over the pods of a cluster. */
export interface ShardRunPlan {
  /** Name of the experiment. */
  readonly experiment: string;
  /** What the pods read: the experiment with everything that was resolved here, and `${NAME}` in place of keys. */
  readonly text: string;
  /** Hash of what the experiment measures. */
  readonly fingerprint: string;
  readonly shards: number;
  readonly split: ShardSplit;
  readonly namespace: string;
  readonly image: string;
  readonly settings: KubernetesSettings;
  /** Group that volumes belong to; null leaves it to the cluster (OpenShift). */
  readonly fsGroup: number | null;
  /** More arguments of `tollgate sweep` in the pods. */
  readonly sweepArguments: readonly string[];
}

/** Container of the driver in a pod of a shard. */
export const driverContainer = "tollgate";
export const resultsPath = "/results";
export const experimentPath = "/etc/tollgate/experiment.yaml";
/** Where a driver serves its own metrics, inside its pod. */
export const driverMetricsPort = 9464;

/** Label and folder of a sweep's results: pods of another size go on with the same runs. */
export function resultsNameOf({ experiment, fingerprint, shards, split }: ShardRunPlan): string {
  return `${experiment.slice(0, 30)}-${hashOf([fingerprint, shards, split])}`;
}

/** Name of what is made of a plan: a Job cannot be changed, so that another plan is another Job. */
export function nameOfJob(plan: ShardRunPlan, spec: unknown): string {
  return `tollgate-${plan.experiment.slice(0, 30)}-${hashOf([resultsNameOf(plan), plan.text, spec])}`;
}

/** Everything of a sweep on the volume of results. */
export function resultsFolder(plan: ShardRunPlan): string {
  return `${resultsPath}/${resultsNameOf(plan)}`;
}

/** Where the pods write. */
export function shardFolder(plan: ShardRunPlan): string {
  return `${resultsFolder(plan)}/shards`;
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 8);
}
