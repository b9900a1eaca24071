import { expect, test } from "vitest";
import { loadSmallImages, noCluster, RealCluster } from "./real-cluster.ts";

interface DeploymentFacts {
  readonly metadata: { readonly generation: number; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly name: string }[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

const key = "sk-modes-very-secret";
const nobodysKey = [key, Buffer.from(key).toString("base64")];

test.skipIf(noCluster !== null)("every mode does its part on a real cluster", async () => {
  await using cluster = RealCluster.start("modes");
  const images = loadSmallImages(cluster);
  const namespace = cluster.namespace("a");
  const environment = {
    ...images,
    CLAWBENCH_NAMESPACE: namespace,
    MLFLOW_NAMESPACE: cluster.namespace("mlflow"),
    OPENAI_API_KEY: key,
  };
  const k8s = async (
    mode: string,
    more: Readonly<Record<string, string>> = {},
    ...flags: readonly string[]
  ) =>
    await cluster.run([process.execPath, "bench/main.ts", "k8s", ...mode.split(" "), "--yes", ...flags], {
      ...environment,
      ...more,
    });
  const expectDone = async (
    mode: string,
    more: Readonly<Record<string, string>> = {},
    ...flags: readonly string[]
  ) => {
    const ran = await k8s(mode, more, ...flags);
    expect({ mode, ...ran }).toMatchObject({ code: 0 });
    return ran;
  };
  const deployment = async () =>
    await cluster.object<DeploymentFacts>("deployment", "openclaw", "-n", namespace);
  const containers = async () => (await deployment()).spec.template.spec.containers.map(({ name }) => name);

  // Gateway, tracking server and evaluation at once.
  await expectDone("up", { MLFLOW_EXPERIMENT_ID: "42" });
  expect(await containers()).toEqual(["gateway", "clawbench"]);
  expect(await cluster.kubectl("get", "pods", "-n", environment.MLFLOW_NAMESPACE)).toMatch(
    /mlflow-\S+ +1\/1 +Running/,
  );

  // A second time: nothing is changed. Without the id: it is gone.
  const { generation } = (await deployment()).metadata;
  expect((await expectDone("attach", { MLFLOW_EXPERIMENT_ID: "42" })).stderr).toMatch(/nothing was changed/);
  expect((await deployment()).metadata.generation).toBe(generation);
  await expectDone("attach");
  const { data } = await cluster.object<{ data: object }>("configmap", "clawbench-config", "-n", namespace);
  expect(data).not.toHaveProperty("MLFLOW_EXPERIMENT_ID");

  // The key is in the Secret, and in nothing else that the cluster has of us.
  const kinds = "all,configmaps,persistentvolumeclaims,events,replicasets";
  const seen = await cluster.kubectl("get", kinds, "-n", namespace, "-o", "json", "--show-managed-fields");
  expect(nobodysKey.filter((form) => seen.includes(form))).toEqual([]);
  const secret = await cluster.object<{ data: Record<string, string>; metadata: { annotations?: object } }>(
    "secret",
    "clawbench-secrets",
    "-n",
    namespace,
  );
  expect(secret.data["OPENAI_API_KEY"]).toBe(nobodysKey[1]);
  expect(secret.metadata.annotations).toBeUndefined();

  // What it says and what it wrote.
  expect((await expectDone("logs --no-follow")).stdout).toBe("k8s entry openai/gpt-5.5\n");
  const folder = `${cluster.environment["HOME"] ?? ""}/copied`;
  await expectDone(`cp ${folder}`);
  expect((await cluster.run(["cat", `${folder}/sidecar.json`])).stdout).toBe("{}\n");

  await expectDone("detach");
  expect((await expectDone("detach")).stderr).toMatch(/No clawbench sidecar found/);
  expect(await containers()).toEqual(["gateway"]);
  expect((await deployment()).spec.template.spec.volumes.map(({ name }) => name)).not.toContain(
    "clawbench-results",
  );
  expect((await deployment()).metadata.annotations).not.toHaveProperty("tollgate/attached");

  // What does not come up is named with its last words, and the gateway is left as it was.
  const crashed = await k8s("attach", { CLAWBENCH_MODEL: "openai/crash" });
  expect(crashed).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/clawbench ended with exit code 3/) as string,
  });
  expect(crashed.stderr).toMatch(/taken out again/);
  const missing = await k8s("attach", { CLAWBENCH_IMAGE: "quay.io/small/nowhere:1" });
  expect(missing).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /image quay\.io\/small\/nowhere:1 cannot be had \((ErrImagePull|ImagePullBackOff)/,
    ) as string,
  });
  await cluster.kubectl("create", "quota", "small", "--hard=requests.memory=1536Mi", "-n", namespace);
  const refused = await k8s("attach");
  expect(refused).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/exceeded quota: small.*describe quota/s) as string,
  });
  await cluster.kubectl("delete", "quota", "small", "-n", namespace);
  expect(await containers()).toEqual(["gateway"]);

  // The namespace goes, MLflow's stays.
  await expectDone("down");
  const left = await cluster.kubectl("get", "namespaces", "-o", "name");
  expect(left).not.toContain(`namespace/${namespace}\n`);
  expect(left).toContain(`namespace/${environment.MLFLOW_NAMESPACE}\n`);
});

test.skipIf(noCluster !== null)(
  "an API server that is away for half a minute is waited for, and the sidecar gets in once",
  async () => {
    await using cluster = RealCluster.start("away");
    const images = loadSmallImages(cluster);
    const namespace = cluster.namespace("a");
    const environment = { ...images, CLAWBENCH_NAMESPACE: namespace, OPENAI_API_KEY: key };
    const k8s = (mode: string) =>
      cluster.run([process.execPath, "bench/main.ts", "k8s", mode, "--yes"], environment);
    expect(await k8s("openclaw")).toMatchObject({ code: 0 });
    const attaching = k8s("attach");
    await expect
      .poll(() => cluster.kubectl("get", "configmap", "-n", namespace, "-o", "name"), {
        timeout: 60_000,
        interval: 200,
      })
      .toContain("clawbench-config");
    cluster.stopApi();
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    cluster.startApi();
    expect(await attaching).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/does not answer/) as string,
    });
    const { spec } = await cluster.object<DeploymentFacts>("deployment", "openclaw", "-n", namespace);
    expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(["gateway", "clawbench"]);
  },
);
