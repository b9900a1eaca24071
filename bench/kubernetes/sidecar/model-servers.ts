import { ConfigError } from "../../errors.ts";

/** An OpenAI-compatible server, by a model's name as OpenClaw has it. */
export interface ModelServer {
  readonly url: string;
  readonly model: string;
  /** Variable with the key; null: the server wants none. */
  readonly apiKeyEnv: string | null;
}

/** Prefix of a model -> the OpenAI-compatible address of its provider, and the key's name in the Secret. */
const providers: Readonly<Record<string, { readonly url: string; readonly key: string }>> = {
  openai: { url: "https://api.openai.com/v1", key: "OPENAI_API_KEY" },
  anthropic: { url: "https://api.anthropic.com/v1", key: "ANTHROPIC_API_KEY" },
  openrouter: { url: "https://openrouter.ai/api/v1", key: "OPENROUTER_API_KEY" },
  gemini: { url: "https://generativelanguage.googleapis.com/v1beta/openai", key: "GEMINI_API_KEY" },
  google: { url: "https://generativelanguage.googleapis.com/v1beta/openai", key: "GEMINI_API_KEY" },
};

/**
 * Where a model is served. `openai/…` with a base URL of its own is there, and needs a key only where one is set.
 * @throws {ConfigError} for a provider that is not known, and for one without its key
 */
export function modelServer(
  name: string,
  openaiBase: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): ModelServer {
  const [prefix = "", ...rest] = name.split("/");
  const provider = providers[prefix];
  const model = rest.join("/");
  if (provider === undefined || model === "")
    throw new ConfigError(
      `The model ${JSON.stringify(name)} names no provider that is known: write ${Object.keys(providers).join("/…, ")}/…; a server of your own is openai/NAME with OPENAI_API_BASE.`,
    );
  const key = environment[provider.key]?.trim() ?? "";
  const hasKey = key !== "" && key !== "none";
  if (prefix === "openai" && openaiBase !== null)
    return { url: openaiBase, model, apiKeyEnv: hasKey ? provider.key : null };
  if (hasKey) return { url: provider.url, model, apiKeyEnv: provider.key };
  throw new ConfigError(
    `The model ${name} needs ${provider.key}, which is not in the Secret clawbench-secrets. Set it and run \`tollgate k8s attach\` again.`,
  );
}
