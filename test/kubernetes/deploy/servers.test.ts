import { expect, test } from "vitest";
import { clusterFacts, isLocalAddress, isOpenShift } from "../../../bench/kubernetes/deploy/cluster.ts";
import { deployMlflow, deployOpenclaw } from "../../../bench/kubernetes/deploy/deploy-servers.ts";
import { holdsResults, takeDown } from "../../../bench/kubernetes/deploy/take-down.ts";
import { attachSidecar } from "../../../bench/kubernetes/deploy/attach-sidecar.ts";
import { fakeSite, secretWords } from "./site.ts";

const sidecar = {
  deployment: "openclaw",
  gatewayContainer: null,
  replace: false,
  keep: false,
  again: false,
  experiment: null,
  need: false,
};
const decoded = (data: unknown, key: string) =>
  Buffer.from((data as Record<string, string>)[key] ?? "", "base64").toString();

test("a gateway is made with its namespace; a second time it stays as it is, token included", async () => {
  const { cluster, site } = fakeSite();
  await deployOpenclaw(site, { need: true });
  expect(cluster.names().filter((name) => !/^(pod|replicaset)/.test(name))).toEqual([
    "configmap/ns/openclaw-config",
    "deployment/ns/openclaw",
    "namespace/ns",
    "persistentvolumeclaim/ns/openclaw-home-pvc",
    "secret/ns/clawbench-secrets",
    "service/ns/openclaw",
  ]);
  const generation = cluster.get("deployment/ns/openclaw").metadata.generation;
  await deployOpenclaw({ ...site, newToken: () => "another" }, { need: true });
  expect(cluster.get("deployment/ns/openclaw").metadata.generation).toBe(generation);
  expect(decoded(cluster.get("secret/ns/clawbench-secrets")["data"], "OPENCLAW_GATEWAY_TOKEN")).toBe(
    "generated-token",
  );
});

test("a key that changes starts the gateway anew, and one that the shell lacks stays", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, GEMINI_API_KEY: "gem" });
  await deployOpenclaw(site, { need: true });
  const generation = cluster.get("deployment/ns/openclaw").metadata.generation ?? 0;
  await deployOpenclaw({ ...site, environment: { OPENAI_API_KEY: "sk-second" } }, { need: true });
  expect(cluster.get("deployment/ns/openclaw").metadata.generation).toBe(generation + 1);
  const { data } = cluster.get("secret/ns/clawbench-secrets");
  expect([decoded(data, "OPENAI_API_KEY"), decoded(data, "GEMINI_API_KEY")]).toEqual(["sk-second", "gem"]);
});

test("a missing key of the model's provider is refused where it is needed, and nothing stays behind", async () => {
  const { cluster, site, told } = fakeSite({
    CLAWBENCH_MODEL: "anthropic/claude",
    OPENAI_API_KEY: "other-key",
  });
  await expect(deployOpenclaw(site, { need: true })).rejects.toThrow(
    /anthropic\/claude needs ANTHROPIC_API_KEY.*export ANTHROPIC_API_KEY=none/,
  );
  expect(cluster.names()).toEqual([]);
  await deployOpenclaw(site, { need: false });
  expect(told.join("\n")).toMatch(/warning: anthropic\/claude needs ANTHROPIC_API_KEY/);
});

test.each([
  ["the server refuses all of it when asked first", /apply .*--dry-run/],
  ["it fails in the middle", /apply (?!.*--dry-run)(?=.*Deployment)?/],
])("%s: nothing of it stays, and neither does a namespace made for it", async (_what, on) => {
  const { cluster, site } = fakeSite();
  const stderr =
    'Error from server (Forbidden): persistentvolumeclaims "openclaw-home-pvc" is forbidden: exceeded quota: small';
  // The Secret is applied first, by itself.
  cluster.faults.push({ on, stderr, times: 0 });
  let applies = 0;
  cluster.before = (words) => {
    const [fault] = cluster.faults;
    if (words[0] === "apply" && fault !== undefined && ++applies === 2) fault.times = 1;
  };
  await expect(deployOpenclaw(site, { need: true })).rejects.toThrow(/exceeded quota: small.*describe quota/);
  expect(cluster.names()).toEqual([]);
});

test("a namespace that is there and not ours gets no label, and keeps what is in it", async () => {
  const { cluster, site } = fakeSite();
  cluster.put({ kind: "Namespace", metadata: { name: "ns" } });
  cluster.put({ kind: "ConfigMap", metadata: { name: "theirs", namespace: "ns" } });
  await deployOpenclaw(site, { need: true });
  expect(cluster.get("namespace/ns").metadata.labels).toBeUndefined();
  await takeDown(site);
  expect(cluster.names()).toEqual(
    [
      "configmap/ns/theirs",
      "namespace/ns",
      ...cluster.names().filter((name) => /^(pod|replicaset)/.test(name)),
    ].sort(),
  );
});

test("a Secret that was made for what then failed goes with it, in a namespace that stays", async () => {
  const { cluster, site } = fakeSite();
  cluster.put({ kind: "Namespace", metadata: { name: "ns" } });
  const stderr = 'The Deployment "openclaw" is invalid: spec.selector: Invalid value: {}: field is immutable';
  cluster.faults.push({ on: /^apply .*--dry-run/, stderr, times: 1 });
  await expect(deployOpenclaw(site, { need: true })).rejects.toThrow(/field is immutable.*Delete the object/);
  expect(cluster.names()).toEqual(["namespace/ns"]);
});

test("a namespace that is being deleted is named", async () => {
  const { cluster, site } = fakeSite();
  cluster.put({
    kind: "Namespace",
    metadata: { name: "ns", deletionTimestamp: "2026-01-01T00:00:00Z" },
  });
  await expect(deployOpenclaw(site, { need: true })).rejects.toThrow(/Namespace ns is being deleted/);
});

test("a Secret that others made stays as it is, and what of the environment is not in it is told by name", async () => {
  const { cluster, site, told } = fakeSite({ OPENAI_API_KEY: "sk-mine" });
  cluster.put({ kind: "Namespace", metadata: { name: "ns" } });
  const data = { OPENCLAW_GATEWAY_TOKEN: "dA==", OPENAI_API_KEY: "b2xk" };
  cluster.put({ kind: "Secret", metadata: { name: "clawbench-secrets", namespace: "ns" }, data });
  await deployOpenclaw(site, { need: true });
  expect(cluster.get("secret/ns/clawbench-secrets")["data"]).toEqual(data);
  expect(told.join("\n")).toMatch(
    /stays as it is\.\n.*warning: OPENAI_API_KEY of your environment is not what it holds/,
  );
});

test("a gateway that does not come up is named by its container", async () => {
  const { cluster, site } = fakeSite();
  cluster.courses.set("gateway", "crashes");
  await expect(deployOpenclaw(site, { need: true })).rejects.toThrow(
    /container gateway ended with exit code 3.*last words/s,
  );
});

test("down deletes the namespace that is ours, and MLflow stays in its own", async () => {
  const { cluster, site } = fakeSite();
  await deployOpenclaw(site, { need: true });
  await deployMlflow(site);
  expect(await holdsResults(site)).toBe(false);
  await attachSidecar(site, sidecar);
  expect(await holdsResults(site)).toBe(true);
  await takeDown(site);
  const left = cluster.names().filter((name) => !/^(pod|replicaset)/.test(name));
  expect(left).toEqual([
    "deployment/mlflow/mlflow",
    "namespace/mlflow",
    "persistentvolumeclaim/mlflow/mlflow-data-pvc",
    "service/mlflow/mlflow-service",
  ]);
});

test("MLflow in the same namespace keeps it, with what is MLflow's", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, MLFLOW_NAMESPACE: "ns" });
  await deployOpenclaw(site, { need: true });
  await deployMlflow(site);
  await takeDown(site);
  const left = cluster.names().filter((name) => !/^(pod|replicaset)/.test(name));
  expect(left).toEqual([
    "deployment/ns/mlflow",
    "namespace/ns",
    "persistentvolumeclaim/ns/mlflow-data-pvc",
    "service/ns/mlflow-service",
  ]);
});

test("what others put into our namespace keeps it alive, and ordinary things do not", async () => {
  const { cluster, site, told } = fakeSite();
  await deployOpenclaw(site, { need: true });
  cluster.put({ kind: "ConfigMap", metadata: { name: "kube-root-ca.crt", namespace: "ns" } });
  cluster.put({
    kind: "Secret",
    metadata: { name: "default-token-x", namespace: "ns" },
    type: "kubernetes.io/service-account-token",
  });
  cluster.put({ kind: "PersistentVolumeClaim", metadata: { name: "theirs", namespace: "ns" } });
  await takeDown(site);
  expect(told.at(-2)).toMatch(
    /The namespace stays: it holds what Tollgate did not make: PersistentVolumeClaim theirs\.$/,
  );
  expect(cluster.names()).toContain("persistentvolumeclaim/ns/theirs");
  cluster.objects.delete("persistentvolumeclaim/ns/theirs");
  await takeDown(site);
  expect(cluster.names()).toEqual([]);
  await takeDown(site);
  expect(told.at(-1)).toBe("There is no namespace ns; nothing to delete.");
});

test("our sidecar is taken out of a Deployment of others, which stays", async () => {
  const { cluster, site } = fakeSite({ ...secretWords, OPENCLAW_GATEWAY_TOKEN: "t" });
  cluster.put({ kind: "Namespace", metadata: { name: "ns" } });
  const spec = {
    selector: { matchLabels: { app: "c" } },
    template: { spec: { containers: [{ name: "gateway", image: "x" }] } },
  };
  cluster.put({ kind: "Deployment", metadata: { name: "openclaw", namespace: "ns" }, spec });
  await attachSidecar(site, sidecar);
  await takeDown(site);
  expect(cluster.names().filter((name) => !/^(pod|replicaset)/.test(name))).toEqual([
    "deployment/ns/openclaw",
    "namespace/ns",
  ]);
  const after = cluster.get("deployment/ns/openclaw")["spec"] as typeof spec;
  expect(after.template.spec.containers.map(({ name }) => name)).toEqual(["gateway"]);
});

test.each([
  ["https://127.0.0.1:6443", true],
  ["https://127.8.0.1:6443", true],
  ["https://[::1]:6443", true],
  ["https://0.0.0.0:33445", true],
  ["https://localhost:6443", true],
  ["https://kubernetes.docker.internal:6443", true],
  ["https://10.0.0.1:6443", false],
  ["https://127.0.0.1.example.com", false],
  ["https://localhost.example.com", false],
  ["https://notlocalhost", false],
  ["https://prod.eks.amazonaws.com", false],
  ["nothing", false],
])("a cluster at %s is on this machine: %s", (server, is) => {
  expect(isLocalAddress(server)).toBe(is);
});

test("a cluster is known by its context and address, and OpenShift by its API", async () => {
  const { cluster } = fakeSite();
  expect(await clusterFacts(cluster.kubectl)).toEqual({
    context: "fake",
    server: "https://127.0.0.1:6443",
    isLocal: true,
  });
  expect(await isOpenShift(cluster.kubectl)).toBe(false);
  cluster.apiGroups = ["apps", "security.openshift.io"];
  expect(await isOpenShift(cluster.kubectl)).toBe(true);
});
