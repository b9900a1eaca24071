import { z } from "zod";
import type { EngineCore } from "../engine/engine.ts";
import { promptSchema, renderPrompt } from "./chat-request.ts";
import type { HttpExchange } from "./generation.ts";
import { readBody, sendJson } from "./http.ts";

const textSchema = z.object({ prompt: z.union([z.string(), z.array(z.string())]) });
const messagesSchema = promptSchema.extend({ prompt: z.null().optional() });
const eitherSchema = z.union([textSchema, messagesSchema]);

export async function tokenize({ engine, request, response }: HttpExchange): Promise<void> {
  const schema = engine.sglang.tokenizesMessages ? eitherSchema : textSchema;
  const body: z.infer<typeof eitherSchema> = await readBody(request, schema);
  // The tokenizer's own limit, whatever the context of the server is.
  const answer = (tokens: number[] | number[][], count: number | number[]) =>
    sendJson(response, 200, { tokens, count, max_model_len: engine.tokenizer.modelMaxLength });
  if ("messages" in body) {
    const { ids } = renderPrompt(body, engine);
    answer([...ids], ids.length);
  } else if (typeof body.prompt === "string") {
    const ids = encodeList(engine, body.prompt);
    answer(ids, ids.length);
  } else {
    const lists = body.prompt.map((text) => encodeList(engine, text));
    answer(
      lists,
      lists.map(({ length }) => length),
    );
  }
}

function encodeList(engine: EngineCore, text: string): number[] {
  return [...engine.tokenizer.encode(text)];
}

const idList = z.array(z.number().int().min(0));
const detokenizeSchema = z.object({
  tokens: z.union([idList, z.array(idList)]),
  skip_special_tokens: z.boolean().default(true),
});

export async function detokenize({ engine, request, response }: HttpExchange): Promise<void> {
  const { tokens, skip_special_tokens: skipSpecialTokens } = await readBody(request, detokenizeSchema);
  const decode = (ids: readonly number[]) => engine.tokenizer.decode(ids, { skipSpecialTokens });
  const isNested = tokens.some((entry) => Array.isArray(entry));
  const text = isNested ? (tokens as number[][]).map(decode) : decode(tokens as number[]);
  sendJson(response, 200, { text });
}
