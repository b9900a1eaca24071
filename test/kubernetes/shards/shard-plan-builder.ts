import { kubernetesDefaults, type KubernetesSettings } from "../../../bench/config/kubernetes-schema.ts";
import type { ShardRunPlan } from "../../../bench/kubernetes/shards/shard-run-plan.ts";

export function buildPlan(
  settings: Partial<KubernetesSettings> = {},
  changes: Partial<ShardRunPlan> = {},
): ShardRunPlan {
  return {
    experiment: "small",
    text: '{"name": "small"}\n',
    fingerprint: "0123456789abcdef",
    shards: 4,
    split: "loads",
    namespace: "evals",
    image: "registry.example/tollgate:1",
    settings: { ...kubernetesDefaults, ...settings },
    fsGroup: 1000,
    sweepArguments: [],
    ...changes,
  };
}
