import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { ownLabels } from "./own-labels.ts";

export const secretName = "clawbench-secrets";
export const tokenKey = "OPENCLAW_GATEWAY_TOKEN";

/** Keys of model providers, in the order in which the source names them. */
export const providerKeys = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "OPENROUTER_API_KEY",
  "GEMINI_API_KEY",
] as const;

/** What a tracking server may ask for. */
export const trackingKeys = [
  "MLFLOW_TRACKING_TOKEN",
  "MLFLOW_TRACKING_USERNAME",
  "MLFLOW_TRACKING_PASSWORD",
] as const;

/** All that the Secret may hold beside the gateway's token. */
export const optionalKeys = [...providerKeys, ...trackingKeys] as const;

/**
 * What the Secret holds after this: what the environment names replaces what was there, and what it does not name stays,
 * because a shell without a key is no wish to lose it.
 */
export function secretData(
  environment: Readonly<Record<string, string | undefined>>,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = [tokenKey, ...optionalKeys].flatMap((key) => {
    const value = environment[key];
    return value === undefined || value === "" ? [] : [[key, value] as const];
  });
  return { ...before, ...Object.fromEntries(given) };
}

export function secretManifest(
  namespace: string,
  values: Readonly<Record<string, string>>,
): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: secretName, namespace, labels: ownLabels("openclaw") },
    type: "Opaque",
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")]),
    ),
  };
}

const keyOfProvider: ReadonlyMap<string, (typeof providerKeys)[number]> = new Map([
  ["openai", "OPENAI_API_KEY"],
  ["anthropic", "ANTHROPIC_API_KEY"],
  ["openrouter", "OPENROUTER_API_KEY"],
  ["google", "GEMINI_API_KEY"],
  ["gemini", "GEMINI_API_KEY"],
] as const);

/** The key that a model's provider asks for, by the prefix of its name; null when that is not known here. */
export function keyForModel(model: string): (typeof providerKeys)[number] | null {
  return keyOfProvider.get(model.split("/")[0]?.toLowerCase() ?? "") ?? null;
}

/** A variable of a container whose value stands in a Secret. */
export function fromSecret(
  name: string,
  of: { readonly secret: string; readonly key: string; readonly optional?: boolean },
) {
  const optional = of.optional === true ? { optional: true } : {};
  return { name, valueFrom: { secretKeyRef: { name: of.secret, key: of.key, ...optional } } };
}
