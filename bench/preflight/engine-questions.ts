import { request } from "undici";
import { z } from "zod";
import { boundedText, modelAnswerBytesMax } from "../host/bounded-body.ts";
import type { Engine } from "../stack/engine.ts";

const timeoutMs = 10_000;

export interface CountedPrompt {
  readonly tokens: number;
  /** `exact`: the engine rendered and tokenised the messages; `text`: it tokenised their text; `estimated`: by length. */
  readonly by: "exact" | "text" | "estimated";
}

/** Characters per token of English policies and JSON schemas are 3.5 to 4.5; fewer means more tokens, to be on the safe side. */
const charactersPerToken = 3;

/** How many tokens a prompt has for this engine: asked from its `/tokenize`, in the forms that engines know. */
export async function countTokens(
  engine: Engine,
  prompt: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly tools: readonly unknown[];
  },
): Promise<CountedPrompt> {
  const { messages, tools } = prompt;
  const exact = await tokenize(engine, { messages, ...(tools.length > 0 && { tools }) });
  if (exact !== null) return { tokens: exact, by: "exact" };
  const text = `${messages.map(({ content }) => content).join("\n")}\n${tools.map((tool) => JSON.stringify(tool)).join("\n")}`;
  const counted = (await tokenize(engine, { prompt: text })) ?? (await tokenize(engine, { content: text }));
  if (counted !== null) return { tokens: counted, by: "text" };
  return { tokens: Math.ceil(text.length / charactersPerToken), by: "estimated" };
}

const tokenizeSchema = z.object({ count: z.number().optional(), tokens: z.array(z.unknown()).optional() });

/** null where the engine has no such endpoint or does not take this form. */
async function tokenize(engine: Engine, body: object): Promise<number | null> {
  const answer = await ask(engine, "/tokenize", { model: engine.model, ...body });
  const parsed = tokenizeSchema.safeParse(answer).data;
  const count = parsed?.count ?? parsed?.tokens?.length ?? 0;
  // An engine that does not know the field it was given counts the tokens of nothing.
  return count > 0 ? count : null;
}

const infoSchema = z.object({ context_length: z.number().nullish() });
const modelsSchema = z.object({
  data: z.array(z.object({ id: z.string(), max_model_len: z.number().nullish() })),
});
const propsSchema = z.object({ default_generation_settings: z.object({ n_ctx: z.number() }) });

/** Longest prompt plus output in tokens: `/server_info` or `/v1/models` (SGLang, vLLM), `/props` (llama.cpp); null: not told. */
export async function contextLength(engine: Engine): Promise<number | null> {
  const info = infoSchema.safeParse(await ask(engine, "/server_info")).data?.context_length;
  if (info != null) return info;
  const models = modelsSchema.safeParse(await ask(engine, "/v1/models")).data?.data;
  const model = models?.find(({ id }) => id === engine.model)?.max_model_len;
  if (model != null) return model;
  return propsSchema.safeParse(await ask(engine, "/props")).data?.default_generation_settings.n_ctx ?? null;
}

/** The JSON of an answer with status 200; null for everything else: the endpoint is optional. */
async function ask(engine: Engine, path: string, body?: object): Promise<unknown> {
  try {
    const response = await request(`${engine.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${engine.apiKey}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await boundedText(response.body, modelAnswerBytesMax);
    return response.statusCode === 200 ? (JSON.parse(text) as unknown) : null;
  } catch {
    return null; // Absent, silent or not JSON: the caller says that it was not told.
  }
}
