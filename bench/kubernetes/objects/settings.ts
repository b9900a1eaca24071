import { ConfigError } from "../../errors.ts";

/** What is put into a cluster, as the environment says it; names and defaults are those of ClawBench's deploy.sh. */
export interface ClusterSettings {
  readonly namespace: string;
  readonly mlflowNamespace: string;
  readonly images: { readonly tollgate: string; readonly openclaw: string; readonly mlflow: string };
  readonly model: string;
  /** Base URL of an OpenAI-compatible server for the gateway; null leaves it to the gateway. */
  readonly openaiBase: string | null;
  /** Of a tracking server that is there already; null is ours. */
  readonly trackingUri: string | null;
  readonly experimentId: string | null;
  readonly experimentName: string;
  /** The other keys of `clawbench-config`. */
  readonly evaluation: Readonly<Record<EvaluationKey, string>>;
  /** null is the cluster's default. */
  readonly storageClass: string | null;
  /** Group that volumes belong to, for images whose user is not root; null leaves it to the cluster (OpenShift). */
  readonly fsGroup: number | null;
}

const evaluationDefaults = {
  CLAWBENCH_RUNS: "3",
  CLAWBENCH_CONCURRENCY: "4",
  CLAWBENCH_JUDGE_MODEL: "",
  CLAWBENCH_TASKS: "",
  CLAWBENCH_CONNECT_TIMEOUT: "120",
  CLAWBENCH_REQUEST_TIMEOUT: "300",
  CLAWBENCH_PER_RUN_BUDGET_SECONDS: "600",
} as const;
type EvaluationKey = keyof typeof evaluationDefaults;

/** Those that hold a number, and whether it may be a fraction. */
const numbers: Readonly<Partial<Record<EvaluationKey, RegExp>>> = {
  CLAWBENCH_RUNS: /^[1-9]\d*$/,
  CLAWBENCH_CONCURRENCY: /^[1-9]\d*$/,
  CLAWBENCH_CONNECT_TIMEOUT: /^(?!0+(\.0*)?$)\d+(\.\d+)?$/,
  CLAWBENCH_REQUEST_TIMEOUT: /^(?!0+(\.0*)?$)\d+(\.\d+)?$/,
  CLAWBENCH_PER_RUN_BUDGET_SECONDS: /^(?!0+(\.0*)?$)\d+(\.\d+)?$/,
};

export const defaultImages = {
  tollgate: "tollgate-k8s:latest",
  openclaw: "ghcr.io/openclaw/openclaw:latest",
  mlflow: "ghcr.io/mlflow/mlflow:v2.21.3",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An empty variable counts as one that is not set, as in the source's script.
 * @param given what flags say; they win over the environment
 * @throws {ConfigError} for what no cluster takes
 */
export function clusterSettings(
  environment: Environment,
  given: {
    readonly namespace?: string | undefined;
    readonly storageClass?: string | undefined;
    readonly fsGroup?: number | null;
    /** For what touches MLflow's namespace alone. */
    readonly withoutNamespace?: boolean;
  } = {},
): ClusterSettings {
  const value = (name: string) => environment[name]?.trim() || null;
  const namespace = given.namespace ?? value("CLAWBENCH_NAMESPACE");
  if (namespace === null && given.withoutNamespace !== true)
    throw new ConfigError(
      "No namespace is named. Give --namespace NS, or set CLAWBENCH_NAMESPACE, e.g. `export CLAWBENCH_NAMESPACE=clawbench-eval`.",
    );
  return {
    namespace: namespace === null ? "" : checkedNamespace(namespace, "CLAWBENCH_NAMESPACE"),
    mlflowNamespace: checkedNamespace(value("MLFLOW_NAMESPACE") ?? "mlflow", "MLFLOW_NAMESPACE"),
    images: {
      tollgate: checkedImage(value("CLAWBENCH_IMAGE") ?? defaultImages.tollgate, "CLAWBENCH_IMAGE"),
      openclaw: checkedImage(value("OPENCLAW_IMAGE") ?? defaultImages.openclaw, "OPENCLAW_IMAGE"),
      mlflow: checkedImage(value("MLFLOW_IMAGE") ?? defaultImages.mlflow, "MLFLOW_IMAGE"),
    },
    model: value("CLAWBENCH_MODEL") ?? "openai/gpt-5.5",
    openaiBase: checkedUrl(value("OPENAI_API_BASE"), "OPENAI_API_BASE"),
    trackingUri: checkedUrl(value("MLFLOW_TRACKING_URI"), "MLFLOW_TRACKING_URI"),
    experimentId: value("MLFLOW_EXPERIMENT_ID"),
    experimentName: value("MLFLOW_EXPERIMENT_NAME") ?? "clawbench",
    evaluation: evaluationOf(value),
    storageClass: given.storageClass ?? null,
    fsGroup: given.fsGroup ?? null,
  };
}

function evaluationOf(value: (name: string) => string | null): ClusterSettings["evaluation"] {
  const entries = Object.entries(evaluationDefaults).map(([key, preset]) => {
    const text = value(key) ?? preset;
    if (numbers[key as EvaluationKey]?.test(text) === false)
      throw new ConfigError(
        `${key}=${text} is not a number above 0${/RUNS|CONCURRENCY/.test(key) ? ", without a fraction" : ""}.`,
      );
    return [key, text];
  });
  return Object.fromEntries(entries) as Record<EvaluationKey, string>;
}

function checkedNamespace(name: string, from: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new ConfigError(
    `${from}: ${JSON.stringify(name)} is no name of a namespace. Use up to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
  );
}

function checkedImage(reference: string, from: string): string {
  if (/^\S+$/.test(reference) && !/:\/\//.test(reference)) return reference;
  throw new ConfigError(
    `${from}: ${JSON.stringify(reference)} is no reference of an image; write e.g. registry.example/tollgate-k8s:1`,
  );
}

/** Keys in an address would stand in a ConfigMap, where everybody who may look can read them. */
function checkedUrl(text: string | null, from: string): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ConfigError(`${from} is no http address; write e.g. http://server.my-namespace:8000/v1`);
  if (url.username !== "" || url.password !== "")
    throw new ConfigError(
      `${from} holds a name or password, and it would stand readable in a ConfigMap. Leave them out of the address; keys belong into variables of their own, which go into the Secret.`,
    );
  return text;
}
