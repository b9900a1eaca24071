import { z } from "zod";
import { questionOf } from "../model/prompt.ts";
import { withoutThinking } from "../model/visible.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import { messagesSchema } from "./chat-request.ts";
import { promptTokensOf } from "./generation.ts";
import { TrainerApiError, type TrainerExchange, readBody, Uncaught } from "./http.ts";
import { reply } from "./reply.ts";

const requestSchema = z.object({ model: z.string(), messages: messagesSchema, completion: z.string() });

/** POST /v1/score */
export async function score(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  if (!core.law.score) throw new TrainerApiError(404, "Not Found");
  const { model, messages, completion } = await readBody(exchange, requestSchema);
  const progress = core.adapters.progressOf(model);
  if (progress === null || core.law.logprobs === "none") throw new Uncaught();
  const text = { raw: completion, visible: withoutThinking(completion) };
  const tokens = core.likelihood.of(text, progress, questionOf(messages));
  reply(core, exchange, {
    logprobs: tokens.map(({ logprob }) => logprob),
    tokens: tokens.map((token) => token.text),
    prompt_tokens: promptTokensOf(core, messages),
    completion_tokens: tokens.length,
    logprob_sum: tokens.reduce((sum, { logprob }) => sum + logprob, 0),
  });
}
