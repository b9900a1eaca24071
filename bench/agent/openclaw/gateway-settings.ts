import { z } from "zod";
import { providerName } from "./gateway-config.ts";
import type { GatewayClient } from "./websocket-client.ts";
import { readAnswer } from "./websocket-client.ts";

/** What of a gateway's configuration is read here. */
const configSchema = z.object({
  hash: z.string(),
  config: z.object({
    agents: z.object({ defaults: z.object({ skipBootstrap: z.boolean().optional() }).optional() }).optional(),
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
    this.#before ??= config.agents?.defaults?.skipBootstrap ?? null;
    await patch(client, hash, {
      models: { providers: { [providerName]: providerOf(entry) } },
      agents: { defaults: { skipBootstrap: true } },
    });
  }

  /** Takes away what was added, and nothing else. */
  async remove(client: GatewayClient): Promise<void> {
    if (this.#before === undefined) return;
    const { hash } = await read(client);
    await patch(client, hash, {
      models: { providers: { [providerName]: null } },
      agents: { defaults: { skipBootstrap: this.#before } },
    });
    this.#before = undefined;
  }
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
    models: [
      {
        id: model,
        name: model,
        reasoning: false,
        input: ["text"],
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        contextWindow,
        maxTokens,
      },
    ],
  };
}
