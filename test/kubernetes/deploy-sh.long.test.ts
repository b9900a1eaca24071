import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSmallImages, noCluster, RealCluster } from "./real-cluster.ts";

/** A copy of ClawBench's repository. */
const original = process.env["CLAWBENCH_DIR"];

interface Found {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Of an object what somebody asked for, without what the cluster adds, and what differs with the names of namespaces. */
function asked(object: Found, namespaces: readonly string[]): unknown {
  const plain = structuredClone(object) as unknown as Record<string, Record<string, unknown>>;
  delete plain["status"];
  for (const field of [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "namespace",
    "annotations",
    "finalizers",
  ])
    delete plain["metadata"]?.[field];
  for (const field of ["clusterIP", "clusterIPs", "volumeName"]) delete plain["spec"]?.[field];
  // Each namespace has a token of its own; that there is one counts.
  if (object.kind === "Secret")
    plain["data"] = Object.fromEntries(Object.keys(plain["data"] ?? {}).map((key) => [key, "…"]));
  const configuration = plain["data"]?.["openclaw.json"];
  if (typeof configuration === "string")
    plain["data"] = { "openclaw.json": JSON.parse(configuration) as unknown };
  let text = JSON.stringify(plain);
  for (const [at, name] of namespaces.entries()) text = text.replaceAll(name, `NAMESPACE${at}`);
  return JSON.parse(text) as unknown;
}

/** Where two objects differ: paths, with elements of lists by their names where they have some. */
function differences(theirs: unknown, ours: unknown, path = ""): readonly string[] {
  if (JSON.stringify(theirs) === JSON.stringify(ours)) return [];
  const [left, right] = [fields(theirs), fields(ours)];
  if (left === null || right === null)
    return [
      `${path}: ${theirs === undefined ? "only ours" : ours === undefined ? "only theirs" : "differs"}`,
    ];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.flatMap((key) => differences(left.get(key), right.get(key), `${path}/${key}`));
}

function fields(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value as { name?: string; mountPath?: string }[];
  if (named.some((one) => one.name === undefined)) return null;
  return new Map(named.map((one) => [one.mountPath ?? one.name ?? "", one]));
}

test.skipIf(noCluster !== null || original === undefined)(
  "ClawBench's script and ours in two namespaces: the objects are the same but for what docs/kubernetes.md says",
  async () => {
    await using cluster = RealCluster.start("deploy-sh");
    const images = loadSmallImages(cluster);
    const sides = {
      theirs: { script: join(original ?? "", "scripts/k8s/deploy.sh"), at: ["a", "a-mlflow"] },
      ours: { script: "scripts/k8s/deploy.sh", at: ["b", "b-mlflow"] },
    };
    const found = await Promise.all(
      Object.values(sides).map(async ({ script, at }) => {
        const namespaces = at.map((name) => cluster.namespace(name));
        const [CLAWBENCH_NAMESPACE = "", MLFLOW_NAMESPACE = ""] = namespaces;
        const environment = {
          ...images,
          CLAWBENCH_NAMESPACE,
          MLFLOW_NAMESPACE,
          OPENAI_API_KEY: "sk-one-secret",
          OPENAI_API_BASE: "http://vllm.models:8000/v1",
          MLFLOW_EXPERIMENT_NAME: "nightly",
        };
        const ran = await cluster.run([script], environment);
        expect({ script, code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
        const lists = await Promise.all(
          namespaces.map(async (namespace) => {
            const kinds = "configmaps,secrets,persistentvolumeclaims,services,deployments.apps";
            return (await cluster.object<{ items: Found[] }>(kinds, "-n", namespace)).items;
          }),
        );
        const objects = lists.flat().filter(({ metadata }) => metadata.name !== "kube-root-ca.crt");
        return new Map(
          objects.map((one) => [`${one.kind}/${one.metadata.name}`, asked(one, namespaces.toReversed())]),
        );
      }),
    );
    const [theirs, ours] = found;
    const names = [...new Set([...(theirs?.keys() ?? []), ...(ours?.keys() ?? [])])].sort();
    expect(names.length).toBeGreaterThan(9);
    const lines = names.flatMap((name) => differences(theirs?.get(name), ours?.get(name), name));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/differences-to-clawbench.txt");
  },
);
