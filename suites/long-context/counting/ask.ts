import { request } from "undici";
import { z } from "zod";
import { boundedText, modelAnswerBytesMax } from "../../../bench/host/bounded-body.ts";
import { messageOf } from "../../../bench/errors.ts";
import { Deadline } from "../../../bench/measure/deadline.ts";
import type { ServedModel } from "../../../bench/workload/workload.ts";

export interface CountingServer {
  readonly engine: ServedModel;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came of a question to the server itself: the JSON of a 200, or in words what came instead. */
export type Came = { readonly json: unknown } | { readonly instead: string };

/** Never throws but for the signal of its caller. */
export async function askModel(
  { engine, timeoutMs, signal }: CountingServer,
  path: string,
  body: object,
): Promise<Came> {
  using deadline = new Deadline(timeoutMs, signal);
  try {
    const response = await request(`${engine.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: engine.model, ...body }),
      headersTimeout: 0,
      bodyTimeout: 0,
      signal: deadline.signal,
    });
    const text = await boundedText(response.body, modelAnswerBytesMax);
    if (response.statusCode !== 200) return { instead: `${response.statusCode} ${text.slice(0, 300)}` };
    return { json: JSON.parse(text) as unknown };
  } catch (error) {
    signal.throwIfAborted();
    return { instead: messageOf(error) };
  }
}

const messagesOf = (system: string, text: string) => [
  { role: "system", content: system },
  { role: "user", content: text },
];

const countSchema = z.object({ count: z.number().int().optional(), tokens: z.array(z.unknown()).optional() });

/** Forms in which servers take a text to count. `messages`: SGLang from 0.5.11 on and vLLM; `prompt`: both; `content`: llama.cpp. */
export const tokenizeForms = {
  messages: (system: string, text: string): object => ({ messages: messagesOf(system, text) }),
  prompt: (system: string, text: string): object => ({ prompt: `${system}\n${text}` }),
  content: (system: string, text: string): object => ({ content: `${system}\n${text}` }),
} as const;
export type TokenizeForm = keyof typeof tokenizeForms;

/** Tokens of a body in such a form; or what came instead. A server that does not know the form counts nothing. */
export async function tokenizeCount(
  asking: CountingServer,
  body: object,
): Promise<number | { readonly instead: string }> {
  const came = await askModel(asking, "/tokenize", body);
  if ("instead" in came) return came;
  const parsed = countSchema.safeParse(came.json).data;
  const count = parsed?.count ?? parsed?.tokens?.length ?? 0;
  return count > 0 ? count : { instead: `no count in its answer ${JSON.stringify(came.json).slice(0, 200)}` };
}

const usageSchema = z.object({ usage: z.object({ prompt_tokens: z.number().int().positive() }) });

/** Prompt tokens as the server's `usage` tells them of a request for one token; or what came instead. */
export async function usageCount(
  asking: CountingServer,
  { system, text }: { readonly system: string; readonly text: string },
): Promise<number | { readonly instead: string }> {
  const came = await askModel(asking, "/v1/chat/completions", {
    messages: messagesOf(system, text),
    temperature: 0,
    max_tokens: 1,
    stream: false,
  });
  if ("instead" in came) return came;
  const usage = usageSchema.safeParse(came.json).data?.usage;
  return usage?.prompt_tokens ?? { instead: "an answer without usage.prompt_tokens" };
}
