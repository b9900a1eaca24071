import { expect, test } from "vitest";
import { configurationMap } from "../../../bench/kubernetes/objects/evaluation.ts";
import { keyForModel, secretData, secretManifest } from "../../../bench/kubernetes/objects/secret.ts";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";

const named = { CLAWBENCH_NAMESPACE: "ns" };

test("what is not set, or empty, has the defaults of ClawBench's script", () => {
  const settings = clusterSettings({ ...named, CLAWBENCH_MODEL: "", MLFLOW_EXPERIMENT_ID: " " });
  expect(configurationMap(settings)["data"]).toEqual({
    CLAWBENCH_MODEL: "openai/gpt-5.5",
    OPENAI_API_BASE: "",
    CLAWBENCH_RUNS: "3",
    CLAWBENCH_CONCURRENCY: "4",
    CLAWBENCH_JUDGE_MODEL: "",
    CLAWBENCH_TASKS: "",
    CLAWBENCH_CONNECT_TIMEOUT: "120",
    CLAWBENCH_REQUEST_TIMEOUT: "300",
    CLAWBENCH_PER_RUN_BUDGET_SECONDS: "600",
    MLFLOW_TRACKING_URI: "http://mlflow-service.mlflow.svc.cluster.local:5000",
    MLFLOW_EXPERIMENT_NAME: "clawbench",
  });
});

test("an id that is given is there, and the namespace of MLflow is in its address", () => {
  const settings = clusterSettings({ ...named, MLFLOW_EXPERIMENT_ID: "42", MLFLOW_NAMESPACE: "tracking" });
  expect(configurationMap(settings)["data"]).toMatchObject({
    MLFLOW_EXPERIMENT_ID: "42",
    MLFLOW_TRACKING_URI: "http://mlflow-service.tracking.svc.cluster.local:5000",
  });
});

test("a flag wins over the environment, and what touches MLflow alone needs no namespace", () => {
  expect(clusterSettings(named, { namespace: "other" }).namespace).toBe("other");
  expect(clusterSettings({}, { withoutNamespace: true }).namespace).toBe("");
});

test.each([
  [{}, /No namespace is named.*CLAWBENCH_NAMESPACE/],
  [{ CLAWBENCH_NAMESPACE: "Team_A" }, /"Team_A" is no name of a namespace/],
  [{ CLAWBENCH_NAMESPACE: "-a" }, /no name of a namespace/],
  [{ CLAWBENCH_NAMESPACE: "a".repeat(64) }, /no name of a namespace/],
  [{ ...named, CLAWBENCH_RUNS: "0" }, /CLAWBENCH_RUNS=0 is not a number above 0, without a fraction/],
  [{ ...named, CLAWBENCH_CONCURRENCY: "1.5" }, /CLAWBENCH_CONCURRENCY=1\.5/],
  [{ ...named, CLAWBENCH_REQUEST_TIMEOUT: "5m" }, /CLAWBENCH_REQUEST_TIMEOUT=5m is not a number/],
  [{ ...named, CLAWBENCH_CONNECT_TIMEOUT: "0.0" }, /CLAWBENCH_CONNECT_TIMEOUT=0\.0/],
  [{ ...named, OPENAI_API_BASE: "vllm:8000" }, /OPENAI_API_BASE is no http address/],
  [{ ...named, MLFLOW_TRACKING_URI: "databricks" }, /MLFLOW_TRACKING_URI is no http address/],
  [{ ...named, MLFLOW_TRACKING_URI: "http://me:secret-word@there:5000" }, /holds a name or password/],
  [{ ...named, CLAWBENCH_IMAGE: "docker://x" }, /CLAWBENCH_IMAGE: "docker:\/\/x" is no reference/],
  [{ ...named, OPENCLAW_IMAGE: "a b" }, /OPENCLAW_IMAGE: "a b" is no reference/],
])("what no cluster takes is refused: %j", (environment, message) => {
  expect(() => clusterSettings(environment)).toThrow(message);
});

test("a password in an address is not in the message about it", () => {
  expect(() => clusterSettings({ ...named, OPENAI_API_BASE: "http://me:secret-word@x/v1" })).not.toThrow(
    /secret-word/,
  );
  expect(() => clusterSettings({ ...named, OPENAI_API_BASE: "no url secret-word" })).not.toThrow(
    /secret-word/,
  );
});

test("the Secret takes what the environment names and keeps what it does not", () => {
  const before = { OPENCLAW_GATEWAY_TOKEN: "t", OPENAI_API_KEY: "old", GEMINI_API_KEY: "kept" };
  const environment = {
    OPENAI_API_KEY: "new",
    ANTHROPIC_API_KEY: "",
    HOME: "/root",
    MLFLOW_TRACKING_TOKEN: "m",
  };
  const after = { ...before, OPENAI_API_KEY: "new", MLFLOW_TRACKING_TOKEN: "m" };
  expect(secretData(environment, before)).toEqual(after);
  const { data } = secretManifest("ns", { OPENAI_API_KEY: "ключ $x\n" }) as unknown as {
    data: Record<string, string>;
  };
  expect(Buffer.from(data["OPENAI_API_KEY"] ?? "", "base64").toString()).toBe("ключ $x\n");
});

test.each([
  ["openai/gpt-5.5", "OPENAI_API_KEY"],
  ["Anthropic/claude", "ANTHROPIC_API_KEY"],
  ["openrouter/anthropic/claude", "OPENROUTER_API_KEY"],
  ["google/gemini", "GEMINI_API_KEY"],
  ["gemini/x", "GEMINI_API_KEY"],
  ["ollama/x", null],
  ["constructor/x", null],
  ["", null],
])("%s needs the key %s", (model, key) => {
  expect(keyForModel(model)).toBe(key);
});
