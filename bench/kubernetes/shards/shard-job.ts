import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { experimentData } from "../objects/experiment-text.ts";
import { volumeClaim } from "../objects/volume-claim.ts";
import { app, readerPod, runLabels, shardPod, type PodParts } from "./shard-pod.ts";
import { nameOfJob, resultsNameOf, type ShardRunPlan } from "./shard-run-plan.ts";

export const resultsClaimName = "tollgate-results";

/** Everything that a divided sweep puts into a namespace. */
export interface ShardObjects {
  readonly claim: KubernetesManifest;
  readonly experimentMap: KubernetesManifest;
  readonly job: KubernetesManifest;
}

export function shardObjects(plan: ShardRunPlan): ShardObjects {
  const parts = partsOf(plan);
  const { settings, namespace } = plan;
  return {
    claim: volumeClaim({
      name: resultsClaimName,
      namespace,
      app,
      size: settings.results.size,
      storageClass: settings.results.storageClass ?? null,
      accessMode: settings.results.accessMode,
    }),
    experimentMap: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: parts.experimentMap, namespace, labels: runLabels(plan) },
      data: experimentData(plan.text),
    },
    job: indexedJob(plan, parts),
  };
}

export function partsOf(plan: ShardRunPlan): PodParts {
  // Of this very plan: a ConfigMap that changed under a Job would give its later pods another experiment.
  return { experimentMap: nameOfJob(plan, "experiment"), resultsClaim: resultsClaimName };
}

function indexedJob(plan: ShardRunPlan, parts: PodParts): KubernetesManifest {
  const { shards, settings } = plan;
  const spec = {
    completionMode: "Indexed",
    completions: shards,
    parallelism: settings.parallelism ?? shards,
    backoffLimitPerIndex: settings.retries,
    // One shard that fails does not end the others.
    maxFailedIndexes: shards,
    ...jobRules(),
    template: shardPod(plan, parts, String(shards)),
  };
  return jobOf(plan, { name: nameOfJob(plan, spec), spec });
}

/** One shard once more, by itself, when its index has failed for good: the runs of the others are as they are. */
export function jobOfShard(plan: ShardRunPlan, index: number, attempt: number): KubernetesManifest {
  const spec = {
    backoffLimit: plan.settings.retries,
    ...jobRules(),
    template: shardPod(plan, partsOf(plan), `${index}/${plan.shards}`),
  };
  const name = `${nameOfJob(plan, spec)}-${index}-${attempt}`;
  return jobOf(plan, { name, spec, annotations: { [shardAnnotation]: String(index) } });
}

/** Two drivers must never write one run: the next pod of a shard begins when the one before is gone. */
function jobRules() {
  return {
    podReplacementPolicy: "Failed",
    podFailurePolicy: {
      rules: [
        // An evicted pod, or one whose node went away, is no failure of the shard.
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      ],
    },
  };
}

/** Index of the shard on a Job of one. */
export const shardAnnotation = "tollgate.dev/shard";

interface JobParts {
  readonly name: string;
  readonly spec: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

function jobOf(plan: ShardRunPlan, { name, spec, annotations }: JobParts): KubernetesManifest {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace: plan.namespace,
      labels: runLabels(plan),
      annotations: {
        "tollgate.dev/shards": String(plan.shards),
        "tollgate.dev/split": plan.split,
        ...annotations,
      },
    },
    spec,
  };
}

/** A pod that is asked to merge, and copied from. */
export function readerOf(plan: ShardRunPlan): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `tollgate-reader-${resultsNameOf(plan)}`,
      namespace: plan.namespace,
      labels: { ...runLabels(plan), "tollgate.dev/role": "reader" },
    },
    spec: readerPod(plan, partsOf(plan)),
  };
}
