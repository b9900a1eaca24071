import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { DialectError } from "../http/dialect-error.ts";
import { parseForTemplate } from "../rendering/python-literals.ts";
import type { Message } from "../rendering/normalise-messages.ts";
import { requestText } from "../http/request-text.ts";

const flag = z.boolean().nullish();
const count = z.int().positive().nullish();
const message = z.looseObject({ role: z.string() });

/** What the gateway itself reads of a chat request; the rest belongs to the engine. */
const chatBodySchema = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(message).min(1),
  tools: z.array(z.looseObject({})).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
  n: z.number().nullish(),
  stream: flag,
  stream_options: z.looseObject({ include_usage: flag }).nullish(),
  logprobs: flag,
  return_prompt_token_ids: flag,
  return_token_ids: flag,
  return_meta_info: flag,
  max_tokens: count,
  max_completion_tokens: count,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
});
export type ChatBody = z.infer<typeof chatBodySchema>;

export interface GatewayChatRequest {
  /** The body as it came. */
  readonly text: string;
  readonly body: ChatBody;
  /** For a template: with Python's literals marked. */
  readonly messages: readonly Message[];
  readonly tools: readonly unknown[];
}

/**
 * Reads a chat request.
 * @throws {DialectError} 400 for what is not JSON or asks for several answers, 413 for a body that is too long, 422 for the
 *   wrong shape
 */
export async function readChatRequest(
  request: IncomingMessage,
  bodyBytesMax: number,
): Promise<GatewayChatRequest> {
  const text = await requestText(request, bodyBytesMax);
  const { body, exact } = parse(text);
  if (isSeveral(body.n)) throw severalAnswers();
  const forTemplate = z
    .object({ messages: z.array(z.looseObject({})), tools: z.array(z.unknown()).nullish() })
    .parse(exact);
  return {
    text,
    body,
    messages: forTemplate.messages,
    tools: body.tool_choice === "none" ? [] : (forTemplate.tools ?? []),
  };
}

export function severalAnswers(): DialectError {
  return new DialectError(400, "n must be 1: a call in a recorded conversation has one answer");
}

/** Whether a body has `n` other than 1, without parsing those that have no such key at all. */
export function asksForSeveral(body: Buffer): boolean {
  if (!body.includes('"n"')) return false;
  try {
    const read = z.object({ n: z.unknown() }).safeParse(JSON.parse(body.toString("utf8")));
    return read.success && isSeveral(read.data.n);
  } catch {
    // What is not JSON is the engine's to refuse.
    return false;
  }
}

const isSeveral = (n: unknown) => n != null && n !== 1;

function parse(text: string): { readonly body: ChatBody; readonly exact: unknown } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DialectError(400, "Invalid JSON body");
  }
  const body = chatBodySchema.safeParse(json);
  if (!body.success) throw new DialectError(422, z.prettifyError(body.error));
  return { body: body.data, exact: parseForTemplate(text) };
}
