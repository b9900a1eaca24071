import { z } from "zod";
import { servedName } from "../state/adapter.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import { type TrainerExchange, readBody, sendBytes, sendJson } from "./http.ts";
import { reply } from "./reply.ts";

const label = { simulator: true } as const;

/** GET / */
export function root(_: TrainerCore, { response }: TrainerExchange): void {
  const description = "Simulated trainer: nothing is trained, answers follow a stated law";
  sendJson(response, 200, { name: "CLaaS API", version: "0.1.0", description, ...label });
}

/** GET /v1/health and /health */
export function health(_: TrainerCore, { response }: TrainerExchange): void {
  sendJson(response, 200, { status: "healthy", worker: { status: "healthy", error: null }, ...label });
}

/** GET /v1/models */
export function models({ law, adapters }: TrainerCore, { response }: TrainerExchange): void {
  const [base = ""] = law.base_models;
  const names =
    law.mode === "tinker" ? [base] : [base, ...adapters.all().map(({ lora_id }) => servedName(lora_id))];
  const data = names.map((id) => ({ id, object: "model", owned_by: "tollgate-simulator" }));
  sendJson(response, 200, { object: "list", data });
}

/** GET /v1/sampler/status, in mode `tinker`. */
export function samplerStatus({ law, adapters }: TrainerCore, { response }: TrainerExchange): void {
  sendJson(response, 200, { model_path: adapters.sampler, base_model: law.base_models[0] ?? "" });
}

/** POST /v1/sampler/refresh, in mode `tinker`: null goes back to the base model. */
export async function refreshSampler(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  const { model_path } = await readBody(
    exchange,
    z.object({ model_path: z.string().nullable().default(null) }),
  );
  core.adapters.useSampler(model_path);
  reply(core, exchange, { status: "ok", model_path });
}

/** GET /metrics */
export function metricsPage({ metrics }: TrainerCore, { response }: TrainerExchange): void {
  sendBytes(response, 200, {
    type: "text/plain; version=0.0.4; charset=utf-8",
    bytes: Buffer.from(metrics.text()),
  });
}

/** GET /simulator/adapters: what only a simulation can tell, once no update runs. */
export async function adapterStates(core: TrainerCore, { response }: TrainerExchange): Promise<void> {
  await core.settled();
  sendJson(response, 200, { adapters: core.adapters.all() });
}

/** GET /simulator/law: the law with all defaults. */
export function lawPage({ law }: TrainerCore, { response }: TrainerExchange): void {
  sendJson(response, 200, law);
}
