import { z } from "zod";
import { StartError, messageOf } from "../../../errors.ts";
import { askServer } from "../../ask-server.ts";
import type { Engine } from "../../engine.ts";

const modelsSchema = z.object({
  data: z.array(z.object({ id: z.string(), max_model_len: z.int().positive().nullish() })),
});

/**
 * Longest prompt plus output of an engine, in tokens, as its `/v1/models` says.
 * @throws {StartError} where it does not say: AReaL would then cap at 32768 and answer longer prompts with 500
 */
export async function contextLength(engine: Engine, arm: string): Promise<number> {
  try {
    const { apiKey, url } = engine;
    const { json } = await askServer(`${url}/v1/models`, { apiKey, signal: AbortSignal.timeout(10_000) });
    const models = modelsSchema.parse(json);
    const found = models.data.find(({ id }) => id === engine.model)?.max_model_len;
    if (found != null) return found;
  } catch (cause) {
    throw unknown(engine, arm, { why: messageOf(cause), cause });
  }
  throw unknown(engine, arm, { why: "its /v1/models has no max_model_len" });
}

function unknown(engine: Engine, arm: string, { why, cause }: { why: string; cause?: unknown }): StartError {
  return new StartError(
    arm,
    `Arm ${arm}: the context length of the engine at ${engine.url} is not known (${why}). Set engineMaxTokens.`,
    { cause },
  );
}
