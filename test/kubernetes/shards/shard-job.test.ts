import { expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { experimentSchema } from "../../../bench/config/experiment.ts";
import type { KubernetesSettings } from "../../../bench/config/kubernetes-schema.ts";
import { jobOfShard, readerOf, shardObjects } from "../../../bench/kubernetes/shards/shard-job.ts";
import { resultsNameOf } from "../../../bench/kubernetes/shards/shard-run-plan.ts";
import { buildPlan } from "./shard-plan-builder.ts";

const podOf = (settings: Partial<KubernetesSettings>) => {
  const { spec } = shardObjects(buildPlan(settings)).job as unknown as {
    spec: { template: { spec: Record<string, unknown> } };
  };
  return spec.template.spec;
};

test("a shard a pod, each started again by itself, and never two of one shard", () => {
  const { job, claim } = shardObjects(buildPlan());
  expect(job["spec"]).toMatchObject({
    completionMode: "Indexed",
    completions: 4,
    parallelism: 4,
    backoffLimitPerIndex: 2,
    maxFailedIndexes: 4,
    podReplacementPolicy: "Failed",
    podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] }] },
    template: { spec: { restartPolicy: "Never", automountServiceAccountToken: false } },
  });
  expect(job.metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "tollgate" });
  expect(claim["spec"]).toMatchObject({ accessModes: ["ReadWriteMany"] });
});

test("the driver runs the shard that its index says, and goes on with what an earlier pod left", () => {
  expect(podOf({})["containers"]).toMatchObject([
    {
      name: "tollgate",
      args: [
        "sweep",
        "/etc/tollgate/experiment.yaml",
        "--shard",
        "4",
        "--split",
        "loads",
        "--out",
        expect.stringMatching(/^\/results\/small-[0-9a-f]{8}\/shards$/),
        "--go-on",
        "--any-verdict",
        "--metrics-port",
        "9464",
      ],
    },
  ]);
});

test("GPUs, nodes, tolerations, topology and the engine stand where Kubernetes reads them", () => {
  const pod = podOf({
    gpus: 8,
    engine: {
      image: "lmsysorg/sglang:1",
      args: ["--tp", "8"],
      environment: { NCCL_DEBUG: "WARN" },
      port: 30_000,
      readyPath: "/health",
      startSeconds: 600,
    },
    secrets: ["hf"],
    nodeSelector: { gpu: "h200" },
    tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    topologySpread: [
      { topologyKey: "topology.kubernetes.io/zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" },
    ],
    oneShardPerNode: true,
    volumes: [{ claim: "weights", path: "/models", readOnly: true }],
    resources: { requests: { cpu: "4" } },
    priorityClass: "low",
  });
  const run = { "tollgate.dev/run": resultsNameOf(buildPlan()) };
  expect(pod).toMatchObject({
    nodeSelector: { gpu: "h200" },
    tolerations: [{ key: "nvidia.com/gpu" }],
    topologySpreadConstraints: [
      {
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: run },
      },
    ],
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: run } }],
      },
    },
    priorityClassName: "low",
    initContainers: [
      {
        name: "engine",
        restartPolicy: "Always",
        resources: { limits: { "nvidia.com/gpu": "8" } },
        startupProbe: { httpGet: { path: "/health", port: 30_000 }, failureThreshold: 300 },
        envFrom: [{ secretRef: { name: "hf" } }],
      },
    ],
  });
  const [driver] = pod["containers"] as { resources: object }[];
  expect(driver?.resources).toEqual({ requests: { cpu: "4" } });
  expect(JSON.stringify(pod["volumes"])).toContain('"claimName":"weights"');
});

test("no user is named, for OpenShift, and a group only where the cluster wants one", () => {
  expect(podOf({})["securityContext"]).toEqual({ fsGroup: 1000 });
  const open = shardObjects(buildPlan({}, { fsGroup: null }));
  expect(JSON.stringify(open)).not.toMatch(/runAsUser|fsGroup/);
});

test("another plan is another Job; what only the pods are given leaves the results where they are", () => {
  const names = (...of: Parameters<typeof buildPlan>) => {
    const plan = buildPlan(...of);
    return { job: shardObjects(plan).job.metadata.name, results: resultsNameOf(plan) };
  };
  const first = names();
  expect(names()).toEqual(first);
  const moreMemory = names({ resources: { limits: { memory: "8Gi" } } });
  expect(moreMemory.job).not.toBe(first.job);
  expect(moreMemory.results).toBe(first.results);
  expect(names({}, { shards: 3 }).results).not.toBe(first.results);
  expect(names({}, { split: "repetitions" }).results).not.toBe(first.results);
  expect(names({}, { fingerprint: "f".repeat(16) }).results).not.toBe(first.results);
});

test("names hold for experiments with the longest name: a pod's host name has 63 characters", () => {
  const plan = buildPlan({}, { experiment: "a".repeat(41), shards: 1000 });
  expect(`${shardObjects(plan).job.metadata.name}-999`.length).toBeLessThanOrEqual(63);
  expect(jobOfShard(plan, 999, 9).metadata.name.length).toBeLessThanOrEqual(63);
  expect(readerOf(plan).metadata.name.length).toBeLessThanOrEqual(63);
});

test("a failed shard is run again by name", () => {
  const job = jobOfShard(buildPlan(), 2, 1);
  expect(job.metadata.name).toMatch(/-2-1$/);
  expect(job["spec"]).toMatchObject({ backoffLimit: 2, podReplacementPolicy: "Failed" });
  expect(JSON.stringify(job)).toContain('"--shard","2/4"');
});

const experimentWith = (kubernetes: object) =>
  experimentSchema(sections).safeParse({
    name: "x",
    stack: { kind: "embedded" },
    workload: { domain: "library" },
    kubernetes,
  });

test.each([
  [{ resources: { requests: { memory: "lots" } } }, /write a quantity/],
  [{ engine: {} }, /image/],
  [{ secrets: ["Not_A_Name"] }, /write a name as Kubernetes has them/],
  [{ gpu: 8 }, /gpu/],
  [{ gpus: -1 }, />=0|too small/i],
  [{ volumes: [{ claim: "w", path: "models" }] }, /absolute path/],
  [{ tolerations: [{ effect: "Never" }] }, /NoSchedule/],
])("refused in the experiment: %j", (kubernetes, message) => {
  const { error } = experimentWith(kubernetes);
  expect(JSON.stringify(error?.issues)).toMatch(message);
});
