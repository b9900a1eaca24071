import { createHash } from "node:crypto";
import { request } from "undici";
import { z } from "zod";
import type { Experiment } from "../config/experiment.ts";
import { StartError, messageOf } from "../errors.ts";

/** A model server that answers. */
export interface Engine {
  readonly role: "agent" | "user";
  /** Origin without /v1 and without trailing slash. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string;
  readonly metricsUrl: string;
  readonly simulated: boolean;
  readonly identity: EngineIdentity;
}

/** Which process answers, as far as it tells. Two arms may be compared only when this is equal for both. */
export interface EngineIdentity {
  readonly version: string | null;
  readonly pid: number | null;
  /** Changes with every start of the process; null where the server does not tell. */
  readonly startId: string | null;
  /** sha256 over the server's own description, keys redacted; null where it has none. */
  readonly infoSha256: string | null;
  /** Only for servers that Tollgate keeps in containers. */
  readonly container?: ContainerIdentity;
}

export interface ContainerIdentity {
  readonly id: string;
  /** As it was named when the container was made. */
  readonly image: string;
  /** `sha256:…` of the image's configuration. */
  readonly imageId: string;
  /** `repo@sha256:…` of the registry; null for an image that was built here. */
  readonly digest: string | null;
  /** True when it was warm already (`tollgate up`). */
  readonly adopted: boolean;
}

export interface EngineAddress {
  readonly role: "agent" | "user";
  readonly url: string;
  readonly model?: string | undefined;
  readonly apiKey: string;
  readonly metricsUrl?: string | undefined;
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });
const serverInfoSchema = z.object({
  version: z.string().nullish(),
  pid: z.number().nullish(),
  start_id: z.string().nullish(),
  simulator: z.boolean().nullish(),
});

/**
 * Asks a server who it is: `/v1/models` must answer, `/server_info` may.
 * @throws {StartError} when the server does not answer or serves another model than the one asked for.
 */
export async function describeEngine(address: EngineAddress, signal: AbortSignal): Promise<Engine> {
  const url = address.url.replace(/\/+$/, "");
  const models = await getJson(`${url}/v1/models`, { apiKey: address.apiKey, signal });
  if (models.status !== 200) {
    throw new StartError(
      `${address.role} engine`,
      `The ${address.role} engine at ${url} answered ${models.status} to GET /v1/models. Check the URL, the API key and that the server is ready.`,
    );
  }
  const served = modelsSchema.safeParse(models.body);
  const names = served.data?.data.map(({ id }) => id) ?? [];
  const model = address.model ?? names[0];
  if (model === undefined || !names.includes(model)) {
    throw new StartError(
      `${address.role} engine`,
      `The ${address.role} engine at ${url} serves ${names.join(", ") || "no model"}, not ${model ?? "any"}. Set stack.${address.role}.model.`,
    );
  }
  const info = await getJson(`${url}/server_info`, { apiKey: address.apiKey, signal });
  const facts = info.status === 200 ? serverInfoSchema.safeParse(info.body).data : undefined;
  return {
    role: address.role,
    url,
    model,
    apiKey: address.apiKey,
    metricsUrl: address.metricsUrl ?? `${url}/metrics`,
    simulated: facts?.simulator === true,
    identity: {
      version: facts?.version ?? null,
      pid: facts?.pid ?? null,
      startId: facts?.start_id ?? null,
      infoSha256: info.status === 200 ? hashOf(info.body) : null,
    },
  };
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

/** The value of a 200, the text of any other answer. @throws {StartError} when nobody answers */
export async function getJson(url: string, options: { apiKey: string; signal: AbortSignal }) {
  try {
    const response = await request(url, {
      headers: { authorization: `Bearer ${options.apiKey}`, accept: "application/json" },
      signal: options.signal,
      headersTimeout: 10_000,
      bodyTimeout: 10_000,
    });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      body: response.statusCode === 200 ? (JSON.parse(text) as unknown) : text,
    };
  } catch (cause) {
    throw new StartError(
      url,
      `GET ${url} failed: ${messageOf(cause)}. Is the server running and reachable from here?`,
      {
        cause,
      },
    );
  }
}

/** Keys that change while a server runs or that are secrets do not identify it. */
function hashOf(info: unknown): string {
  const redacted = JSON.stringify(info, (key, value: unknown) =>
    /api_key|internal_states|load|uptime|time/i.test(key) ? undefined : value,
  );
  return createHash("sha256").update(redacted).digest("hex");
}

/** Whether a stack's engines are the simulator, asked before anything is started or written. */
export async function simulatedEngines(
  stack: Experiment["stack"],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  if (stack.kind === "embedded") return true;
  // Nothing runs yet that could be asked; a server that then says something else is not accepted.
  if (stack.kind === "docker") return stack.simulated;
  const engines = await Promise.all(
    (["agent", "user"] as const).map((role) => {
      const { url, model, apiKeyEnv, metricsUrl } = stack[role];
      const apiKey = (apiKeyEnv && environment[apiKeyEnv]) || "none";
      return describeEngine({ role, url, model, apiKey, metricsUrl }, AbortSignal.timeout(15_000));
    }),
  );
  return engines.some(({ simulated }) => simulated);
}
