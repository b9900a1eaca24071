import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { renderedObjects, type RenderMode } from "../../../bench/kubernetes/deploy/rendered-objects.ts";
import { renderYaml } from "../../../bench/kubernetes/objects/render.ts";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";

const home = mkdtempSync(join(tmpdir(), "tollgate-render-"));
afterAll(() => rmSync(home, { recursive: true }));

const plain = clusterSettings({ CLAWBENCH_NAMESPACE: "clawbench-eval" });
const everything = clusterSettings(
  {
    CLAWBENCH_NAMESPACE: "team-a",
    CLAWBENCH_IMAGE: "registry.example/tollgate-k8s:1",
    OPENCLAW_IMAGE: "registry.example/openclaw:eval",
    MLFLOW_IMAGE: "registry.example/mlflow:3",
    MLFLOW_NAMESPACE: "tracking",
    CLAWBENCH_MODEL: 'openai/"quoted": {model}',
    OPENAI_API_BASE: "http://vllm.models.svc:8000/v1",
    CLAWBENCH_RUNS: "1",
    CLAWBENCH_TASKS: "t1-a t2-b",
    MLFLOW_EXPERIMENT_ID: "42",
    MLFLOW_EXPERIMENT_NAME: "nightly",
  },
  { storageClass: "fast", fsGroup: 1000 },
);
const experiment = 'name: mine\nworkload: { kind: tasks } # "kept" as it is: $HOME\n';

const cases: readonly [
  file: string,
  mode: RenderMode | null,
  settings: typeof plain,
  experiment: string | null,
][] = [
  ["all", null, plain, null],
  ["all-set", null, everything, experiment],
  ["openclaw", "openclaw", plain, null],
  ["mlflow", "mlflow", plain, null],
  ["attach", "attach", everything, experiment],
];

test.each(cases)("objects of %s are as they were looked at", async (...[file, mode, settings, text]) => {
  const yaml = renderYaml(renderedObjects(mode, { settings, experiment: text }));
  await expect(yaml).toMatchFileSnapshot(`golden/${file}.yaml`);
});

test.each(cases)("kubectl reads the YAML of %s back as what was meant", (...[, mode, settings, text]) => {
  const objects = renderedObjects(mode, { settings, experiment: text });
  const yaml = renderYaml(objects);
  expect(parseAllDocuments(yaml).map((one) => one.toJS() as unknown)).toEqual(
    JSON.parse(JSON.stringify(objects)),
  );
});

test("kubectl takes every object of the YAML", (context) => {
  const input = renderYaml(renderedObjects(null, { settings: everything, experiment }));
  const words = ["label", "--local", "-f", "-", "seen=yes", "-o", "name"];
  const { error, stdout, stderr } = spawnSync("kubectl", words, {
    input,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: home },
  });
  if (error !== undefined) return context.skip("there is no kubectl");
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual([
    "namespace/team-a",
    "secret/clawbench-secrets",
    "namespace/tracking",
    "persistentvolumeclaim/mlflow-data-pvc",
    "service/mlflow-service",
    "deployment.apps/mlflow",
    "configmap/clawbench-config",
    "configmap/clawbench-experiment",
    "persistentvolumeclaim/clawbench-results",
    "configmap/openclaw-config",
    "persistentvolumeclaim/openclaw-home-pvc",
    "service/openclaw",
    "deployment.apps/openclaw",
  ]);
});

test("what looks like something else than text stays text for kubectl, whose YAML is an older one", (context) => {
  const odd = [
    "yes",
    "on",
    "n",
    "null",
    "~",
    "0x1f",
    "0o17",
    "017",
    "1_000",
    "1e3",
    "12:30:45",
    "2026-01-01",
    ".5",
    "=",
    "<<",
    "- a",
    "a: b",
    "#",
    " a ",
    "é\u2028b",
    "tab\there",
    "\u0007",
  ];
  const data = Object.fromEntries(odd.map((text, at) => [`k${at}`, text]));
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "odd", labels: { seen: "no" } },
    data,
  };
  const words = ["label", "--local", "-f", "-", "seen=no", "-o", "json"];
  const { error, stdout, stderr } = spawnSync("kubectl", words, {
    input: renderYaml([object]),
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: home },
  });
  if (error !== undefined) return context.skip("there is no kubectl");
  expect(stderr).toBe("");
  expect((JSON.parse(stdout) as { data: unknown }).data).toEqual(data);
});

test("every object says that it is ours, and no pod has a fixed user", () => {
  const objects = renderedObjects(null, { settings: everything, experiment });
  expect(
    objects.filter((one) => one.metadata.labels?.["app.kubernetes.io/managed-by"] !== "tollgate"),
  ).toEqual([]);
  expect(JSON.stringify(objects)).not.toMatch(/runAsUser|runAsGroup/);
});

test("a MLflow that is there is not rendered", () => {
  const settings = clusterSettings({ CLAWBENCH_NAMESPACE: "a", MLFLOW_TRACKING_URI: "http://there:5000" });
  const objects = renderedObjects(null, { settings, experiment: null });
  expect(objects.filter(({ metadata }) => metadata.name.startsWith("mlflow"))).toEqual([]);
  expect(JSON.stringify(objects)).toContain('"MLFLOW_TRACKING_URI":"http://there:5000"');
});
