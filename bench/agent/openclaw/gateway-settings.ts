import { z } from "zod";
import { providerName } from "./gateway-config.ts";
import type { GatewayClient } from "./websocket-client.ts";
import { readAnswer } from "./websocket-client.ts";

/** What of a gateway's configuration is read here. */
const configSchema = z.object({
  hash: z.string(),
  config: z.object({
    agents: z.object({ defaults: z.object({ skipBootstrap: z.boolean().optional() }).optional() }).optional(),
    models: z.object({ providers: z.record(z.string(), z.unknown()).optional() }).optional(),
  }),
});
const patchedSchema = z.object({ ok: z.boolean() });

const timeoutMs = 30_000;

/** The model provider through which the gateway's requests come to us. */
export interface ProviderEntry {
  /** Of the relay, with `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Tokens. */
  readonly contextWindow: number;
  /** Tokens. */
  readonly maxTokens: number;
  readonly timeoutSeconds: number;
}

/**
 * What Tollgate adds to the configuration of a gateway that is not its own, while a run lasts: a model provider of its own, which
 * nothing but its own sessions uses, and no starter files in workspaces, which would lie among the files of a task. OpenClaw
 * takes both without a restart.
 */
export class GatewaySettings {
  /** What `agents.defaults.skipBootstrap` was before; null: not set. undefined: nothing was changed yet. */
  #before: boolean | null | undefined;

  async add(client: GatewayClient, entry: ProviderEntry): Promise<void> {
    const { hash, config } = await read(client);
    if (this.#before === undefined && isThere(config, entry)) return;
    this.#before ??= beforeOf(config);
    const marked = { ...providerOf(entry), headers: { [markName]: String(this.#before) } };
    await patch(client, hash, {
      models: { providers: { [providerName]: marked } },
      agents: { defaults: { skipBootstrap: true } },
    });
  }

  /** Takes away what was added, and nothing else. */
  async remove(client: GatewayClient): Promise<void> {
    if (this.#before === undefined) return;
    // In two steps: a configuration that is suddenly half as long is refused by OpenClaw, because it looks like a broken one.
    await patch(client, (await read(client)).hash, {
      models: { providers: { [providerName]: { models: [], headers: null, timeoutSeconds: null } } },
      agents: { defaults: { skipBootstrap: this.#before } },
    });
    await patch(client, (await read(client)).hash, {
      models: { providers: { [providerName]: null } },
    });
    this.#before = undefined;
  }
}

const providerSchema = z.object({
  baseUrl: z.string(),
  api: z.literal("openai-completions"),
  models: z.array(z.object({ id: z.string() })),
  headers: z.record(z.string(), z.unknown()).optional(),
});
type Config = z.infer<typeof configSchema>["config"];

/** Stands in what Tollgate has added, and says what `skipBootstrap` was before: a driver that was killed has left both. */
const markName = "x-tollgate-added";

function beforeOf(config: Config): boolean | null {
  const mark = providerIn(config)?.headers?.[markName];
  if (mark !== undefined) return mark === "true" ? true : mark === "false" ? false : null;
  return config.agents?.defaults?.skipBootstrap ?? null;
}

const providerIn = ({ models }: Config) => providerSchema.safeParse(models?.providers?.[providerName]).data;

/** Whether whoever keeps the gateway has written it all into its configuration, as they must where OpenClaw cannot change that. */
function isThere(config: Config, { baseUrl, model }: ProviderEntry): boolean {
  const provider = providerIn(config);
  return (
    config.agents?.defaults?.skipBootstrap === true &&
    provider?.baseUrl === baseUrl &&
    provider.headers?.[markName] === undefined &&
    provider.models.some(({ id }) => id === model)
  );
}

/** What is to be written into a gateway's configuration by hand. */
export function settingsText(entry: ProviderEntry): string {
  return JSON.stringify({
    models: { providers: { [providerName]: providerOf(entry) } },
    agents: { defaults: { skipBootstrap: true } },
  });
}

async function read(client: GatewayClient): Promise<z.infer<typeof configSchema>> {
  return readAnswer("config.get", await client.request("config.get", {}, { timeoutMs }), configSchema);
}

/** A JSON merge patch; the hash says which configuration it was made for, so that nobody else's change is lost. */
async function patch(client: GatewayClient, baseHash: string, change: object): Promise<void> {
  // A list is merged by the ids in it, unless it is named here: an entry of another run must not stay.
  const replacePaths = [`models.providers.${providerName}.models`];
  const params = { raw: JSON.stringify(change), baseHash, replacePaths };
  readAnswer("config.patch", await client.request("config.patch", params, { timeoutMs }), patchedSchema);
}

function providerOf({ baseUrl, model, contextWindow, maxTokens, timeoutSeconds }: ProviderEntry) {
  return {
    baseUrl,
    // The relay knows the real one; this one is worth nothing.
    apiKey: "tollgate-relay",
    api: "openai-completions",
    timeoutSeconds,
    models: [{ id: model, name: model, reasoning: false, contextWindow, maxTokens }],
  };
}
