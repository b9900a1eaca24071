import { z } from "zod";
import type { EngineProbe } from "./engine-probe.ts";
import type { ProbeConversation } from "./probe-conversation.ts";

/** What is known of the tokens that an engine makes of a conversation. */
export type PromptEvidence =
  | { readonly kind: "ids"; readonly ids: readonly number[]; readonly source: string }
  /** Only how many there are. */
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "none"; readonly why: string };

const ids = z.array(z.int()).min(1);
const tokenizedSchema = z.object({ tokens: ids });
const chatSchema = z.object({
  prompt_token_ids: ids.nullish().catch(null),
  choices: z.array(z.object({ prompt_token_ids: ids.nullish().catch(null) })).min(1),
  usage: z.object({ prompt_tokens: z.int().positive() }).nullish().catch(null),
});

/**
 * Asks for the tokens of a conversation. A chat answer of one token goes the way of all later ones, so its ids, or at least
 * its usage, are what counts; `/tokenize` is believed where it agrees with that: SGLang 0.5.23 drops nulls there that its
 * chat API keeps.
 */
export async function promptEvidence(
  probe: EngineProbe,
  conversation: ProbeConversation,
): Promise<PromptEvidence> {
  const answered = await probe.chat({
    ...conversation,
    return_prompt_token_ids: true,
    return_token_ids: true,
  });
  const chat = answered.status === 200 ? chatSchema.safeParse(answered.json).data : undefined;
  const given = chat?.choices[0]?.prompt_token_ids ?? chat?.prompt_token_ids;
  if (given != null) return { kind: "ids", ids: given, source: "prompt_token_ids" };
  const count = chat?.usage?.prompt_tokens;
  const tokenized = await probe.post("/tokenize", conversation);
  const tokens =
    tokenized.status === 200 ? tokenizedSchema.safeParse(tokenized.json).data?.tokens : undefined;
  if (tokens !== undefined && tokens.length === (count ?? tokens.length))
    return { kind: "ids", ids: tokens, source: "/tokenize" };
  if (count !== undefined) return { kind: "count", count };
  const empty = answered.status === 200 ? " without ids and usage" : "";
  return { kind: "none", why: `${answered.refusal}${empty}; ${tokenized.refusal}` };
}
