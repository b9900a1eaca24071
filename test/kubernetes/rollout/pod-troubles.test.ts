import { expect, test } from "vitest";
import { podTroubles } from "../../../bench/kubernetes/rollout/pod-troubles.ts";
import { isRolledOut, readPod, readRolledOut, readWarnings } from "../../../bench/kubernetes/rollout/pod.ts";

const podOf = (status: object, rest: { spec?: object; metadata?: object } = {}) =>
  readPod({
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: "openclaw-1", ...rest.metadata },
    spec: rest.spec ?? {},
    status,
  });
const sidecar = (status: object) =>
  podOf({ phase: "Running", containerStatuses: [{ name: "clawbench", ...status }] });
const eventOf = ([kind, name]: readonly [string, string], reason: string, message: string) => ({
  kind: "Event",
  apiVersion: "v1",
  metadata: { name: "e" },
  type: "Warning",
  reason,
  message,
  involvedObject: { kind, name },
});
const claim = { volumes: [{ name: "r", persistentVolumeClaim: { claimName: "clawbench-results" } }] };
const unscheduled = (message: string) => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});

test.each([
  [
    "a crash loop",
    sidecar({
      restartCount: 3,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting" } },
      lastState: {
        terminated: { exitCode: 3, reason: "Error", message: "the gateway\nrefuses the token\n" },
      },
    }),
    "crash",
    /clawbench ended with exit code 3, saying: the gateway refuses the token, and was started again 3 times/,
  ],
  [
    "a crash loop that runs at this moment",
    sidecar({ restartCount: 2, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }),
    "crash",
    /exit code 1, and was started again 2 times/,
  ],
  [
    "a program that ends well again and again",
    sidecar({
      restartCount: 4,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 0 } },
    }),
    "crash",
    /ended with exit code 0/,
  ],
  [
    "too little memory",
    sidecar({
      restartCount: 2,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
    }),
    "crash",
    /exit code 137, out of memory/,
  ],
  [
    "an init container that fails",
    podOf({
      phase: "Pending",
      initContainerStatuses: [
        {
          name: "init-config",
          restartCount: 2,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { exitCode: 1 } },
        },
      ],
    }),
    "crash",
    /init-config ended with exit code 1/,
  ],
  [
    "an image that is not there",
    sidecar({ image: "quay.io/x:1", state: { waiting: { reason: "ErrImagePull", message: "not found" } } }),
    "image",
    /clawbench waits, its image quay\.io\/x:1 cannot be had \(ErrImagePull: not found\)/,
  ],
  [
    "a name that is none",
    sidecar({ image: "X Y", state: { waiting: { reason: "InvalidImageName" } } }),
    "image",
    /InvalidImageName/,
  ],
  [
    "a key that the Secret lacks",
    sidecar({
      state: {
        waiting: {
          reason: "CreateContainerConfigError",
          message: "couldn't find key OPENCLAW_GATEWAY_TOKEN in Secret",
        },
      },
    }),
    "configuration",
    /couldn't find key OPENCLAW_GATEWAY_TOKEN/,
  ],
  [
    "an eviction",
    podOf({
      phase: "Failed",
      reason: "Evicted",
      message: "The node was low on resource: ephemeral-storage.",
    }),
    "evicted",
    /was ended by the cluster \(Evicted: The node was low on resource: ephemeral-storage\)/,
  ],
  [
    "no node",
    podOf(unscheduled("0/1 nodes are available: 1 Insufficient cpu.")),
    "scheduling",
    /Insufficient cpu/,
  ],
  [
    "a volume that nobody provides",
    podOf(unscheduled("pod has unbound immediate PersistentVolumeClaims"), { spec: claim }),
    "volume",
    /unbound immediate PersistentVolumeClaims/,
  ],
] as const)("%s is named", (...[, pod, kind, text]) => {
  const [trouble, ...more] = podTroubles([pod], []);
  expect(trouble).toMatchObject({ kind, pod: "openclaw-1", text: expect.stringMatching(text) as string });
  expect(trouble?.advice).not.toBe("");
  expect(more).toEqual([]);
});

test("events say why a claim is not bound, each claim once, and only those of the pod", () => {
  const warnings = readWarnings([
    eventOf(["PersistentVolumeClaim", "clawbench-results"], "ProvisioningFailed", "first"),
    eventOf(
      ["PersistentVolumeClaim", "clawbench-results"],
      "ProvisioningFailed",
      'storageclass "nope" not found',
    ),
    eventOf(["PersistentVolumeClaim", "another"], "ProvisioningFailed", "other"),
    { ...eventOf(["PersistentVolumeClaim", "clawbench-results"], "x", "normal"), type: "Normal" },
  ]);
  const pod = podOf({ phase: "Pending" }, { spec: claim });
  expect(podTroubles([pod], warnings).map(({ text }) => text)).toEqual([
    'volume claim clawbench-results is not bound: storageclass "nope" not found',
  ]);
});

test("a volume that another node holds is named", () => {
  const warnings = readWarnings([
    eventOf(["Pod", "openclaw-1"], "FailedAttachVolume", "Multi-Attach error for volume"),
  ]);
  const pod = podOf({
    phase: "Pending",
    containerStatuses: [{ name: "gateway", state: { waiting: { reason: "ContainerCreating" } } }],
  });
  expect(podTroubles([pod], warnings)).toMatchObject([
    { kind: "volume", text: expect.stringContaining("Multi-Attach") as string },
  ]);
});

test.each([
  ["starts", sidecar({ state: { waiting: { reason: "ContainerCreating" } } })],
  ["starts its first container", sidecar({ state: { waiting: { reason: "PodInitializing" } } })],
  ["runs", sidecar({ state: { running: {} }, ready: true, restartCount: 0 })],
  [
    "was started again once, which may be chance",
    sidecar({ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }),
  ],
  [
    "ended well",
    podOf({ phase: "Succeeded", containerStatuses: [{ name: "a", state: { terminated: { exitCode: 0 } } }] }),
  ],
  [
    "leaves",
    podOf(
      { phase: "Failed", reason: "Evicted" },
      { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    ),
  ],
  ["has no status yet", podOf({})],
])("a pod that %s has no trouble", (_what, pod) => {
  expect(podTroubles([pod], [])).toEqual([]);
});

test("a pod of a Job whose program failed is a crash, too", () => {
  const pod = podOf({
    phase: "Failed",
    containerStatuses: [{ name: "shard", state: { terminated: { exitCode: 1, reason: "Error" } } }],
  });
  expect(podTroubles([pod], [])).toMatchObject([{ kind: "crash", container: "shard", hasLog: true }]);
});

test.each([
  [{ observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, true],
  [{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, false],
  [{ observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 1 }, false],
  [{ observedGeneration: 2, replicas: 1, updatedReplicas: 1 }, false],
  [{}, false],
])("a Deployment with status %j is rolled out: %s", (status, is) => {
  const deployment = readRolledOut({
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: { name: "d", generation: 2 },
    spec: { selector: { matchLabels: { a: "b" } } },
    status,
  });
  expect(isRolledOut(deployment)).toBe(is);
});
