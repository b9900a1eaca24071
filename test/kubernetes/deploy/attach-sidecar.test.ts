import { expect, test } from "vitest";
import {
  attachSidecar,
  detachSidecar,
  type AttachOptions,
} from "../../../bench/kubernetes/deploy/attach-sidecar.ts";
import { deployOpenclaw } from "../../../bench/kubernetes/deploy/deploy-servers.ts";
import type { Site } from "../../../bench/kubernetes/deploy/site.ts";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";
import type { FakeCluster } from "../fake-cluster.ts";
import { fakeSite, secretWords } from "./site.ts";

const usual: AttachOptions = {
  deployment: "openclaw",
  gatewayContainer: null,
  replace: false,
  keep: false,
  again: false,
  experiment: null,
  need: false,
};

interface PodSpec {
  readonly containers: readonly { readonly name: string; readonly env?: readonly object[] }[];
  readonly volumes?: readonly { readonly name: string }[];
}
function podOf(cluster: FakeCluster, name = "openclaw"): PodSpec {
  return (cluster.get(`deployment/ns/${name}`)["spec"] as { template: { spec: PodSpec } }).template.spec;
}
const containersOf = (cluster: FakeCluster, name = "openclaw") =>
  podOf(cluster, name).containers.map((one) => one.name);
const dataOf = (cluster: FakeCluster, key: string) => cluster.get(key)["data"] as Record<string, string>;

async function withGateway(environment: Readonly<Record<string, string>> = secretWords) {
  const made = fakeSite(environment);
  await deployOpenclaw(made.site, { need: false });
  return made;
}

/** A gateway of somebody else's, in a namespace of theirs. */
function foreignGateway(cluster: FakeCluster, container: object = {}): void {
  cluster.put({ kind: "Namespace", metadata: { name: "ns" } });
  cluster.put({
    kind: "Deployment",
    metadata: { name: "openclaw", namespace: "ns" },
    spec: {
      selector: { matchLabels: { app: "claw" } },
      template: {
        metadata: { labels: { app: "claw" } },
        spec: { containers: [{ name: "gateway", image: "openclaw:1", ...container }] },
      },
    },
  });
}

test("a sidecar beside our own gateway: one patch, last in the pod, and a second time nothing is changed", async () => {
  const { cluster, site } = await withGateway();
  expect(await attachSidecar(site, usual)).toBe(true);
  expect(containersOf(cluster)).toEqual(["gateway", "clawbench"]);
  expect(cluster.names()).toEqual(
    expect.arrayContaining(["configmap/ns/clawbench-config", "persistentvolumeclaim/ns/clawbench-results"]),
  );
  const versions = [...cluster.objects.values()].map(({ metadata }) => metadata.resourceVersion);
  const patches = cluster.words.filter((words) => words.startsWith("patch ")).length;
  expect(await attachSidecar(site, usual)).toBe(false);
  expect([...cluster.objects.values()].map(({ metadata }) => metadata.resourceVersion)).toEqual(versions);
  expect(cluster.words.filter((words) => words.startsWith("patch "))).toHaveLength(patches);
});

test("no key is among the words of any call, nor in any object but the Secret", async () => {
  const environment = {
    ...secretWords,
    OPENCLAW_GATEWAY_TOKEN: "gateway-token-1",
    MLFLOW_TRACKING_PASSWORD: "pass-word-1",
  };
  const { cluster, site, told } = await withGateway(environment);
  await attachSidecar(site, usual);
  const keys = Object.values(environment);
  const forms = keys.flatMap((key) => [key, Buffer.from(key).toString("base64")]);
  const seen = (text: string) => forms.filter((key) => text.includes(key));
  expect(seen(cluster.words.join("\n"))).toEqual([]);
  expect(seen(told.join("\n"))).toEqual([]);
  const others = [...cluster.objects.values()].filter(({ kind }) => kind !== "Secret");
  expect(others.length).toBeGreaterThan(5);
  expect(seen(JSON.stringify(others))).toEqual([]);
  expect(Object.keys(dataOf(cluster, "secret/ns/clawbench-secrets")).sort()).toEqual(
    Object.keys(environment).sort(),
  );
});

test("a changed configuration changes one container, and an id of an earlier experiment is gone", async () => {
  const { cluster, site } = await withGateway();
  const at = (environment: object): Site => ({
    ...site,
    settings: clusterSettings({ CLAWBENCH_NAMESPACE: "ns", CLAWBENCH_IMAGE: "ours:1", ...environment }),
  });
  await attachSidecar(at({ MLFLOW_EXPERIMENT_ID: "42" }), usual);
  expect(dataOf(cluster, "configmap/ns/clawbench-config")["MLFLOW_EXPERIMENT_ID"]).toBe("42");
  const generation = cluster.get("deployment/ns/openclaw").metadata.generation ?? 0;
  expect(await attachSidecar(at({ MLFLOW_EXPERIMENT_NAME: "new" }), usual)).toBe(true);
  expect(dataOf(cluster, "configmap/ns/clawbench-config")).not.toHaveProperty("MLFLOW_EXPERIMENT_ID");
  expect(cluster.get("deployment/ns/openclaw").metadata.generation).toBe(generation + 1);
});

test("--again starts what is there just so once more, and the next attach leaves that alone", async () => {
  const { site } = await withGateway();
  await attachSidecar(site, usual);
  expect(await attachSidecar(site, { ...usual, again: true })).toBe(true);
  expect(await attachSidecar(site, usual)).toBe(false);
  expect(await attachSidecar(site, { ...usual, again: true })).toBe(true);
});

test("an experiment of an earlier call does not stay for one without", async () => {
  const { cluster, site } = await withGateway();
  await attachSidecar(site, { ...usual, experiment: "name: mine\n" });
  expect(dataOf(cluster, "configmap/ns/clawbench-experiment")).toEqual({ "experiment.yaml": "name: mine\n" });
  expect(await attachSidecar(site, usual)).toBe(true);
  expect(cluster.names()).not.toContain("configmap/ns/clawbench-experiment");
});

test("an experiment file that holds a key is refused before anything is made, and the key is not repeated", async () => {
  const { cluster, site } = await withGateway();
  const before = cluster.names();
  const attach = attachSidecar(site, { ...usual, experiment: `key: ${secretWords.OPENAI_API_KEY}` });
  await expect(attach).rejects.toThrow(/holds the value of OPENAI_API_KEY.*Write \$\{OPENAI_API_KEY\}/);
  await expect(attach).rejects.not.toThrow(/sk-very/);
  expect(cluster.names()).toEqual(before);
});

test("detaching leaves the Deployment as it was, and twice is once", async () => {
  const { cluster, site } = await withGateway();
  const before = JSON.stringify(podOf(cluster));
  await attachSidecar(site, usual);
  expect(await detachSidecar(site, usual)).toBe(true);
  expect(JSON.stringify(podOf(cluster))).toBe(before);
  expect(cluster.names()).toContain("persistentvolumeclaim/ns/clawbench-results");
  expect(await detachSidecar(site, usual)).toBe(false);
});

test("volumes that somebody gives the Deployment in between are kept, and the sidecar gets in", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, OPENCLAW_GATEWAY_TOKEN: "t" });
  foreignGateway(cluster);
  let isTouched = false;
  cluster.before = (words) => {
    if (words[0] !== "patch" || isTouched) return;
    isTouched = true;
    const deployment = structuredClone(cluster.get("deployment/ns/openclaw"));
    const { template } = deployment["spec"] as { template: { spec: { volumes?: object[] } } };
    template.spec.volumes = [{ name: "theirs", emptyDir: {} }];
    cluster.put(deployment);
  };
  await attachSidecar(site, usual);
  expect(isTouched).toBe(true);
  expect(podOf(cluster).volumes?.map(({ name }) => name)).toEqual([
    "theirs",
    "clawbench-results",
    "clawbench-experiment",
    "tmp-volume",
  ]);
  expect(containersOf(cluster)).toEqual(["gateway", "clawbench"]);
});

test.each([
  ["and it was done", true],
  ["and it was not", false],
])("an API server that goes while it patches, %s: one sidecar in the end", async (_how, isDone) => {
  const { cluster, site } = await withGateway();
  cluster.faults.push({ on: /^patch/, stderr: "Unable to connect to the server: EOF", isDone, times: 1 });
  expect(await attachSidecar(site, usual)).toBe(true);
  expect(containersOf(cluster)).toEqual(["gateway", "clawbench"]);
});

test.each([
  [
    "crashes",
    /clawbench ended with exit code 3.*\n {4}\| first line\n {4}\| last words\nThe sidecar was taken out again/s,
    true,
  ],
  ["refused", /is refused \(FailedCreate: exceeded quota: small\).*describe quota.*taken out again/s, false],
  ["image", /its image ours:1 cannot be had \(ErrImagePull: not found\).*taken out again/s, false],
] as const)("a sidecar that %s is named and taken out again", async (course, message, keepsResults) => {
  const { cluster, site } = await withGateway();
  const before = cluster.names();
  cluster.courses.set("clawbench", course);
  await expect(attachSidecar(site, usual)).rejects.toThrow(message);
  expect(containersOf(cluster)).toEqual(["gateway"]);
  const left = cluster.names().filter((name) => !before.includes(name) && !/^(pod|replicaset)\//.test(name));
  // A program that ran may have written results.
  expect(left).toEqual(
    keepsResults ? ["configmap/ns/clawbench-config", "persistentvolumeclaim/ns/clawbench-results"] : [],
  );
});

test("a Secret that was made for a gateway of others goes with what failed", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, OPENCLAW_GATEWAY_TOKEN: "t" });
  foreignGateway(cluster);
  cluster.faults.push({
    on: /^patch/,
    stderr: "Error from server (Forbidden): cannot patch resource",
    times: 1,
  });
  await expect(attachSidecar(site, usual)).rejects.toThrow(/auth can-i/);
  expect(cluster.names()).toEqual(
    [
      "deployment/ns/openclaw",
      ...cluster.names().filter((name) => /^(pod|replicaset)/.test(name)),
      "namespace/ns",
    ].sort(),
  );
  cluster.faults.push({
    on: /^apply .*--dry-run/,
    stderr: "Error from server (Forbidden): exceeded quota",
    times: 1,
  });
  await expect(attachSidecar(site, usual)).rejects.toThrow(/quota/);
  expect(cluster.names()).not.toContain("secret/ns/clawbench-secrets");
});

test("an operator that puts its own Deployment back is told, and nothing is said to run", async () => {
  const { cluster, site } = await withGateway();
  const own = structuredClone(cluster.get("deployment/ns/openclaw"));
  let isPatched = false;
  cluster.before = (words) => {
    if (isPatched && words[0] === "get" && words[1] === "replicasets") cluster.put(structuredClone(own));
    isPatched ||= words[0] === "patch";
  };
  await expect(attachSidecar(site, usual)).rejects.toThrow(
    /Somebody took the sidecar out of Deployment openclaw again: an operator/,
  );
});

test("another Deployment with the same labels, and what goes wrong there, is none of ours", async () => {
  const { cluster, site } = await withGateway();
  cluster.courses.set("broken", "crashes");
  // Its second version, as ours is about to have one.
  for (const image of ["x:1", "x:2"])
    cluster.put({
      kind: "Deployment",
      metadata: { name: "other", namespace: "ns" },
      spec: {
        selector: { matchLabels: { app: "openclaw" } },
        template: { spec: { containers: [{ name: "broken", image }] } },
      },
    });
  const other = cluster.get("replicaset/ns/other-h2").metadata;
  other.labels = { ...other.labels, "pod-template-hash": "others" };
  const pod = cluster.get("pod/ns/other-h2-x").metadata;
  pod.labels = { ...pod.labels, "pod-template-hash": "others" };
  expect(await attachSidecar(site, usual)).toBe(true);
});

test("a pod that was evicted is history as soon as another one is in its place", async () => {
  const { cluster, site } = await withGateway();
  let isPatched = false;
  cluster.before = (words) => {
    if (isPatched && words[1] === "pods") {
      const pod = structuredClone(cluster.get("pod/ns/openclaw-h2-x"));
      pod.metadata.name = "openclaw-h2-evicted";
      pod["status"] = { phase: "Failed", reason: "Evicted", message: "low on memory" };
      cluster.put(pod);
    }
    isPatched ||= words[0] === "patch";
  };
  expect(await attachSidecar(site, usual)).toBe(true);
});

test("--keep leaves a sidecar in that does not come up", async () => {
  const { cluster, site } = await withGateway();
  cluster.courses.set("clawbench", "crashes");
  await expect(attachSidecar(site, { ...usual, keep: true })).rejects.not.toThrow(/taken out/);
  expect(containersOf(cluster)).toEqual(["gateway", "clawbench"]);
});

test("no gateway: what to do", async () => {
  const { cluster, site } = fakeSite();
  await expect(attachSidecar(site, usual)).rejects.toThrow(
    /Deployment openclaw is not in namespace ns.*tollgate k8s openclaw/,
  );
  expect(cluster.names()).toEqual([]);
});

test("a gateway of others is served without volumes, with a warning, and its token from where it has it", async () => {
  const { cluster, site, told } = fakeSite();
  foreignGateway(cluster, {
    env: [{ name: "OPENCLAW_GATEWAY_TOKEN", valueFrom: { secretKeyRef: { name: "theirs", key: "t" } } }],
  });
  await attachSidecar(site, usual);
  expect(told.join("\n")).toMatch(/warning: container gateway has no volume for OpenClaw's home/);
  expect(podOf(cluster).containers[1]?.env).toEqual(
    expect.arrayContaining([
      { name: "OPENCLAW_GATEWAY_TOKEN", valueFrom: { secretKeyRef: { name: "theirs", key: "t" } } },
      { name: "OPENCLAW_HOME_SHARED", value: "false" },
    ]),
  );
  expect(Object.keys(dataOf(cluster, "secret/ns/clawbench-secrets"))).toEqual(["OPENAI_API_KEY"]);
  expect(cluster.get("deployment/ns/openclaw").metadata.labels).toBeUndefined();
});

test.each([
  ["in its Deployment", { env: [{ name: "OPENCLAW_GATEWAY_TOKEN", value: "theirs" }] }],
  [
    "among all of a Secret",
    { envFrom: [{ secretRef: { name: "nothing" } }, { secretRef: { name: "all" } }] },
  ],
])("a token %s becomes the sidecar's", async (_where, container) => {
  const { cluster, site } = fakeSite();
  foreignGateway(cluster, container);
  cluster.put({
    kind: "Secret",
    metadata: { name: "all", namespace: "ns" },
    data: { OPENCLAW_GATEWAY_TOKEN: Buffer.from("theirs").toString("base64") },
  });
  await attachSidecar(site, usual);
  expect(
    Buffer.from(
      dataOf(cluster, "secret/ns/clawbench-secrets")["OPENCLAW_GATEWAY_TOKEN"] ?? "",
      "base64",
    ).toString(),
  ).toBe("theirs");
});

test("a token that nobody can see is asked for, and none is made up", async () => {
  const { cluster, site } = fakeSite();
  foreignGateway(cluster);
  await expect(attachSidecar(site, usual)).rejects.toThrow(/Set OPENCLAW_GATEWAY_TOKEN to the gateway's/);
  expect(containersOf(cluster)).toEqual(["gateway"]);
  expect(cluster.names().filter((name) => /secret|configmap|persistent/.test(name))).toEqual([]);
});

test("a foreign sidecar is refused before anything is made; --replace has ours in its place", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, OPENCLAW_GATEWAY_TOKEN: "t" });
  foreignGateway(cluster);
  const deployment = structuredClone(cluster.get("deployment/ns/openclaw"));
  const spec = deployment["spec"] as { template: { spec: { containers: object[] } } };
  spec.template.spec.containers.push({ name: "clawbench", image: "theirs:1" });
  cluster.put(deployment);
  const before = cluster.names();
  await expect(attachSidecar(site, usual)).rejects.toThrow(/clawbench that Tollgate did not put there/);
  expect(cluster.names()).toEqual(before);
  await attachSidecar(site, { ...usual, replace: true });
  expect(podOf(cluster).containers[1]).toMatchObject({ name: "clawbench", image: "ours:1" });
});

test("objects that were made before the others failed are deleted again", async () => {
  const { cluster, site } = await withGateway();
  const before = cluster.names();
  const stderr = "Error from server (Forbidden): exceeded quota: small";
  cluster.faults.push({ on: /^apply (?!.*--dry-run)/, stderr, isDone: true, times: 0 });
  let applies = 0;
  cluster.before = (words) => {
    // The Secret is the first of them.
    if (words[0] === "apply" && !words.includes("--dry-run=server") && ++applies === 2)
      for (const fault of cluster.faults) fault.times = 1;
  };
  await expect(attachSidecar(site, usual)).rejects.toThrow(/exceeded quota/);
  expect(cluster.names()).toEqual(before);
});

test("objects of our names that others made are refused by name; --adopt takes them over", async () => {
  const { cluster, site } = await withGateway();
  cluster.put({
    kind: "ConfigMap",
    metadata: { name: "clawbench-config", namespace: "ns" },
    data: { CLAWBENCH_MODEL: "theirs" },
  });
  await expect(attachSidecar(site, usual)).rejects.toThrow(
    /ConfigMap clawbench-config in namespace ns is not Tollgate's.*--adopt/,
  );
  expect(dataOf(cluster, "configmap/ns/clawbench-config")).toEqual({ CLAWBENCH_MODEL: "theirs" });
  expect(containersOf(cluster)).toEqual(["gateway"]);
  await attachSidecar({ ...site, adopt: true }, usual);
  expect(dataOf(cluster, "configmap/ns/clawbench-config")["CLAWBENCH_MODEL"]).toBe("openai/gpt-5.5");
});
