import { request } from "undici";
import { z } from "zod";
import { withoutApiPath } from "../config/base-url.ts";
import type { Experiment } from "../config/experiment.ts";
import { StartError } from "../errors.ts";
import { askServer, refusalText, whatCame, type ServerAnswer } from "./ask-server.ts";
import { readEngineIdentity, type EngineIdentity } from "./engine-identity.ts";
import { engineKey } from "./keys.ts";
import {
  namesProcess,
  optionalMetrics,
  readProcessIdentity,
  type ProcessIdentity,
} from "./process-identity.ts";
import { serverInfoOf } from "./server-pages.ts";

/** A model server that answers. */
export interface Engine {
  readonly role: "agent" | "user";
  /** Origin without /v1 and without trailing slash. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string;
  /** Environment variable that the key came from; undefined where none was named. */
  readonly apiKeyEnv?: string | undefined;
  readonly metricsUrl: string;
  /** Longest prompt with its answer, in tokens; null where its list of models does not say. */
  readonly contextLength: number | null;
  /** Which program it is. */
  readonly identity: EngineIdentity;
  readonly processIdentity: ProcessIdentity;
}

export interface EngineAddress {
  readonly role: "agent" | "user";
  readonly url: string;
  readonly model?: string | undefined;
  readonly apiKey: string;
  readonly apiKeyEnv?: string | undefined;
  readonly metricsUrl?: string | undefined;
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });
const tokens = z.int().positive().nullish().catch(null);
/** SGLang and vLLM state it as `max_model_len`; llama.cpp, for one slot, as `meta.n_ctx`. */
const lengthsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      max_model_len: tokens,
      meta: z.object({ n_ctx: tokens }).nullish().catch(null),
    }),
  ),
});
const noModelsSchema = z.object({ data: z.array(z.unknown()).length(0) });
/**
 * Asks a server who it is: `/v1/models` must answer, `/server_info` may.
 * @throws {StartError} when the server does not answer or serves another model than the one asked for.
 */
export async function describeEngine(address: EngineAddress, signal: AbortSignal): Promise<Engine> {
  const url = withoutApiPath(address.url);
  const { role, apiKey, apiKeyEnv } = address;
  const asking = { apiKey, signal };
  const models = await askServer(`${url}/v1/models`, asking);
  const model = servedModel({ ...address, url }, models);
  const metricsUrl = address.metricsUrl ?? `${url}/metrics`;
  const serverInfo = await serverInfoOf(url, asking);
  const page = namesProcess(serverInfo) ? null : await optionalMetrics({ url, metricsUrl }, asking);
  return {
    role,
    url,
    model,
    apiKey,
    ...(apiKeyEnv !== undefined && { apiKeyEnv }),
    metricsUrl,
    contextLength: contextLengthOf(model, models),
    identity: await readEngineIdentity({ url, models, serverInfo, page }, asking),
    processIdentity: readProcessIdentity(serverInfo, page),
  };
}

function servedModel(address: EngineAddress, answer: ServerAnswer): string {
  const { role, url } = address;
  const refused = refusalText(address, answer);
  if (refused !== null) throw new StartError(`${role} engine`, refused);
  const names = modelsSchema.safeParse(answer.json).data?.data.map(({ id }) => id);
  if (names === undefined) {
    throw new StartError(
      `${role} engine`,
      noModelsSchema.safeParse(answer.json).success
        ? `The ${role} engine at ${url} serves no model: its list at /v1/models is empty. Load one, or wait until it is loaded.`
        : `The ${role} engine at ${url} answered ${whatCame(answer)} to GET /v1/models instead of a list of models. Is stack.${role}.url the address of an OpenAI-compatible API, and not of a web page or of a metrics port?`,
    );
  }
  const model = address.model ?? names[0];
  if (model !== undefined && names.includes(model)) return model;
  throw new StartError(
    `${role} engine`,
    `The ${role} engine at ${url} serves ${names.join(", ")}, not ${model ?? "any"}. Set stack.${role}.model.`,
  );
}

function contextLengthOf(model: string, { json }: ServerAnswer): number | null {
  const served = lengthsSchema.safeParse(json).data?.data.find(({ id }) => id === model);
  return served?.max_model_len ?? served?.meta?.n_ctx ?? null;
}

/**
 * Empties the engine's prefix cache, so that every cell starts cold in both arms.
 * @returns false where the server has no such endpoint or refused: the cell then says that its cache was warm.
 */
export async function flushCache(engine: Engine, signal: AbortSignal): Promise<boolean> {
  const response = await request(`${engine.url}/flush_cache`, {
    method: "POST",
    headers: { authorization: `Bearer ${engine.apiKey}` },
    signal,
  });
  await response.body.dump();
  return response.statusCode === 200;
}

/** Whether the agent's engine is the simulator, asked before anything is started or written. */
export async function isSimulated(
  stack: Experiment["stack"],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  if (stack.kind === "embedded") return true;
  // Nothing runs yet that could be asked; a server that then says something else is not accepted.
  if (stack.kind === "docker") return stack.simulated;
  if (stack.kind === "process") return stack.agent.kind === "simulator" || stack.agent.simulated;
  // The user's server is asked as well: one that does not answer is found out before a run directory exists.
  const [agent] = await Promise.all(
    (["agent", "user"] as const).map((role) => {
      const apiKey = engineKey(role, stack[role], environment);
      return describeEngine({ role, ...stack[role], apiKey }, AbortSignal.timeout(30_000));
    }),
  );
  return agent?.identity.simulated === true;
}
