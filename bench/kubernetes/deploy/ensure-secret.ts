import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { isOurs } from "../objects/own-labels.ts";
import {
  keyForModel,
  providerKeys,
  secretData,
  secretManifest,
  secretName,
  tokenKey,
} from "../objects/secret.ts";
import type { Site } from "./site.ts";

/** Where the gateway's token comes from when neither the environment nor the Secret has one. */
export type TokenSource =
  /** The gateway is ours and will read it from our Secret. */
  | { readonly kind: "new" }
  /** The gateway has this one. */
  | { readonly kind: "value"; readonly value: string }
  /** The sidecar reads it where the gateway does. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "unknown" };

export interface SecretState {
  /** Changes when a key does; null when there is no Secret. */
  readonly version: string | null;
  /** Deletes it, if it was made by this. */
  readonly undo: () => Promise<void>;
}

const dataSchema = z.looseObject({ data: z.record(z.string(), z.string()).nullish() });

/**
 * The Secret with what the environment names. A Secret that somebody else made stays as it is.
 * @param need whether a missing key of the model's provider is an error; otherwise it is only told
 * @throws {ConfigError} when the token or a needed key is nowhere
 */
export async function ensureSecret(
  site: Site,
  { token, need }: { readonly token: TokenSource; readonly need: boolean },
): Promise<SecretState> {
  const { kubectl, settings, environment, tell } = site;
  const { namespace } = settings;
  const existing = await kubectl.get({ kind: "secret", name: secretName, namespace });
  const before = decoded(dataSchema.parse(existing ?? {}).data ?? {});
  const isForeign = existing !== null && !isOurs(existing) && !site.adopt;
  const given = isForeign ? before : withToken(secretData(environment, before), token, site);
  refuseMissingToken(given, token, namespace);
  tellKeys(site, given, need);
  if (isForeign) {
    const changed = Object.keys(secretData(environment, {})).filter(
      (key) => environment[key] !== before[key],
    );
    tell(`  Secret ${secretName} is not Tollgate's and stays as it is.`);
    if (changed.length > 0)
      tell(
        `  warning: ${changed.join(", ")} of your environment is not what it holds. --adopt puts it there.`,
      );
    return { version: existing.metadata.resourceVersion ?? null, undo: async () => undefined };
  }
  if (Object.keys(given).length === 0) return { version: null, undo: async () => undefined };
  const [applied] = await kubectl.apply([secretManifest(namespace, given)], { takeOver: site.adopt });
  const undo = async () => {
    if (existing === null) await kubectl.delete({ kind: "secret", name: secretName, namespace });
  };
  return { version: applied?.metadata.resourceVersion ?? null, undo };
}

function withToken(
  values: Readonly<Record<string, string>>,
  token: TokenSource,
  { newToken, tell }: Site,
): Readonly<Record<string, string>> {
  if (token.kind === "value") return { ...values, [tokenKey]: token.value };
  if (values[tokenKey] !== undefined || token.kind !== "new") return values;
  tell("  A gateway token was generated.");
  return { ...values, [tokenKey]: newToken() };
}

function refuseMissingToken(
  values: Readonly<Record<string, string>>,
  token: TokenSource,
  namespace: string,
): void {
  if (token.kind === "elsewhere" || values[tokenKey]) return;
  throw new ConfigError(
    token.kind === "unknown"
      ? `Where the gateway has its token from cannot be seen in its Deployment, and a new one would not fit. Set ${tokenKey} to the gateway's.`
      : `Secret ${secretName} in namespace ${namespace} has no ${tokenKey} and is not Tollgate's. Add it there, or give --adopt.`,
  );
}

function tellKeys({ settings, tell }: Site, values: Readonly<Record<string, string>>, need: boolean): void {
  for (const key of providerKeys) if (values[key]) tell(`  ${key}: set`);
  const key = keyForModel(settings.model);
  if (key === null ? providerKeys.some((one) => values[one]) : values[key]) return;
  const what =
    key === null
      ? `No provider's key is set (${providerKeys.join(", ")}).`
      : `${settings.model} needs ${key}, and it is not set.`;
  const hint = `Export ${key ?? "the one that the model needs"} first; a server that asks for none takes any word: \`export ${key ?? "OPENAI_API_KEY"}=none\`.`;
  if (need && key !== null) throw new ConfigError(`${what} ${hint}`);
  tell(`  warning: ${what} ${hint}`);
}

function decoded(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}
