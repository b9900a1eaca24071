import { z } from "zod";
import type { TrainerCore } from "../core/trainer-core.ts";
import { TrainerApiError, type TrainerExchange, readBody, sendBytes, sendJson } from "./http.ts";
import { lenientIntWithin } from "./lenient.ts";
import { reply } from "./reply.ts";
import { zipOf } from "./zip.ts";

const initSchema = z.object({
  lora_id: z.string(),
  base_model: z.string().default("Qwen/Qwen3-8B"),
  lora_r: lenientIntWithin(4, 128).default(32),
  lora_alpha: lenientIntWithin(8, 256).default(64),
  target_modules: z.array(z.string()).nullish(),
});

/** POST /v1/lora/init */
export async function initLora(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  const { lora_id: loraId, base_model: baseModel, lora_r: rank } = await readBody(exchange, initSchema);
  checkBaseModel(core, baseModel);
  if (loraId.split("/").includes(".."))
    throw new TrainerApiError(
      500,
      `LoRA initialization failed: Invalid lora_id: path traversal detected in '${loraId}'`,
    );
  // An update that still runs would put what it has learned in the place of the fresh adapter.
  const { lora_id } = await core.withLock(core.adapters.idFor(loraId), async () =>
    Promise.resolve(core.adapters.init({ loraId, baseModel, rank })),
  );
  reply(core, exchange, { lora_id });
}

/** The service itself refuses with 403; in mode `tinker` Tinker does, with 400. */
function checkBaseModel({ law, io }: TrainerCore, baseModel: string): void {
  if (law.base_models.includes(baseModel)) return;
  io.err(`simulated trainer: refused an adapter of base_model ${JSON.stringify(baseModel)}`);
  const allowed = [...law.base_models].sort().join(", ");
  if (law.mode === "tinker")
    throw new TrainerApiError(
      400,
      `base_model '${baseModel}' is not supported for training. Supported models: ${allowed}`,
    );
  throw new TrainerApiError(
    403,
    `base_model '${baseModel}' is not allowed for initialization. Allowed models: ${allowed}`,
  );
}

/** GET /v1/lora */
export function listLoras(core: TrainerCore, { url, response }: TrainerExchange): void {
  sendJson(response, 200, { loras: core.adapters.ids(url.searchParams.get("prefix") ?? "") });
}

/** DELETE /v1/lora */
export async function deleteLora(core: TrainerCore, { url, response }: TrainerExchange): Promise<void> {
  const loraId = loraIdOf(url);
  const held = core.adapters.get(loraId)?.lora_id ?? loraId;
  const deleted = await core.withLock(held, async () => Promise.resolve(core.adapters.remove(loraId)));
  sendJson(response, 200, { deleted });
}

/** GET /v1/lora/export: what there is of an adapter, as a zip archive. */
export function exportLora(core: TrainerCore, { url, response }: TrainerExchange): void {
  const loraId = loraIdOf(url);
  const adapter = core.adapters.get(loraId);
  if (adapter === undefined) throw new TrainerApiError(404, `LoRA not found: ${loraId}`);
  const name = loraId
    .replace(/^\/+|\/+$/gu, "")
    .replaceAll("/", "__")
    .replaceAll(/[^\w._-]/gu, "_");
  response.setHeader("content-disposition", `attachment; filename="${name}.zip"`);
  const config = {
    peft_type: "LORA",
    base_model_name_or_path: adapter.base_model,
    r: adapter.rank,
    simulated: true,
  };
  sendBytes(response, 200, {
    type: "application/zip",
    bytes: zipOf([
      { name: "adapter_config.json", bytes: Buffer.from(JSON.stringify(config, null, 2)) },
      { name: "simulated_adapter.json", bytes: Buffer.from(JSON.stringify(adapter, null, 2)) },
    ]),
  });
}

function loraIdOf(url: URL): string {
  const loraId = url.searchParams.get("lora_id");
  if (loraId !== null) return loraId;
  throw new TrainerApiError(422, [
    { type: "missing", loc: ["query", "lora_id"], msg: "Field required", input: null },
  ]);
}
