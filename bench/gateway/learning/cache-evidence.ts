import { z } from "zod";
import type { EngineProbe } from "./engine-probe.ts";

const generatedSchema = z.object({ meta_info: z.object({ cached_tokens: z.int().nonnegative() }) });
const tokenizedSchema = z.object({ tokens: z.array(z.int()).min(1) });

/**
 * Whether the engine has computed a prompt of exactly these ids before: its prefix cache counts how many ids of a new
 * request it knows. Asked twice, because the second time it knows all of them, and says what that looks like where the
 * cache counts in pages. null where it has no such cache, or the two questions went to two engines.
 */
export async function isCached(probe: EngineProbe, prompt: Int32Array): Promise<boolean | null> {
  // An engine computes at least the last id of a prompt anew: with one more behind it, all of these can be known.
  const ids = [...prompt, prompt.at(-1) ?? 0];
  const [first, second] = [await cachedTokens(probe, ids), await cachedTokens(probe, ids)];
  const pageMax = 256;
  if (first === null || second === null || second < Math.max(1, prompt.length - pageMax)) return null;
  return first === second;
}

async function cachedTokens(probe: EngineProbe, ids: readonly number[]): Promise<number | null> {
  const { json } = await probe.post("/generate", {
    input_ids: ids,
    sampling_params: { temperature: 0, max_new_tokens: 1 },
  });
  return generatedSchema.safeParse(json).data?.meta_info.cached_tokens ?? null;
}

/** The engine's ids of a text; null where it does not tell. */
export async function engineIdsOf(probe: EngineProbe, text: string): Promise<readonly number[] | null> {
  const { status, json } = await probe.post("/tokenize", { prompt: text, add_special_tokens: false });
  return status === 200 ? (tokenizedSchema.safeParse(json).data?.tokens ?? null) : null;
}
