import { z } from "zod";
import { parsed } from "../../answer/json.ts";
import { readAnswer } from "../../answer/read-answer.ts";
import { DialectError } from "../http/dialect-error.ts";
import { askEngine, asEngineError, EngineError } from "../engine/engine-request.ts";
import { EngineTokenReader } from "../engine/engine-tokens.ts";
import { wholeFields, type LearnedTokenFields } from "../learning/token-fields.ts";
import { finishChat, withFields } from "./chat-completion.ts";
import { streamChatApi } from "./streamed-chat-call.ts";
import type { TokenCall } from "./token-call.ts";

const ids = z.array(z.int()).nullish().catch(null);
const completionSchema = z.looseObject({
  model: z.string().nullish(),
  prompt_token_ids: ids,
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({}),
        matched_stop: z.union([z.int(), z.string()]).nullish().catch(null),
        stop_reason: z.union([z.int(), z.string()]).nullish().catch(null),
        prompt_token_ids: ids,
      }),
    )
    .min(1),
});
type Completion = z.infer<typeof completionSchema>;

/**
 * Level L1: the engine's chat API, asked for ids; without streaming where it gives them to whole answers only.
 * @throws {DialectError | EngineError | ClientGoneError}
 */
export async function callChatApi(call: TokenCall, { streamed }: LearnedTokenFields): Promise<void> {
  const { body } = call.chat;
  if (body.stream === true && streamed !== null) return await streamChatApi(call, streamed);
  if (body.stream === true && body.logprobs === true)
    throw new DialectError(
      400,
      "logprobs cannot be streamed at recording level L1 with this engine: leave out stream or logprobs",
    );
  const text = await completionOf(call);
  const json = parsed(text);
  const completion = completionSchema.safeParse(json).data;
  const choice = completion?.choices[0];
  if (completion === undefined || choice === undefined)
    throw new EngineError(502, `The engine's answer is no chat completion: ${text.slice(0, 200)}`);
  const tokens = new EngineTokenReader();
  tokens.add(json);
  finishChat(
    call,
    {
      said: readAnswer(text),
      model: completion.model ?? null,
      matchedStop: choice.matched_stop ?? choice.stop_reason ?? null,
      tokens,
    },
    {
      message: choice.message,
      extras: body.stream === true ? {} : askedFor(call, completion),
      end: null,
    },
  );
}

async function completionOf(call: TokenCall): Promise<string> {
  const { engine, signal, request } = call;
  const parts: Buffer[] = [];
  try {
    const answer = await askEngine(engine, {
      path: "/v1/chat/completions",
      body: withFields(call.chat.text, wholeFields),
      request,
      signal,
    });
    for await (const part of answer) parts.push(part);
  } catch (thrown) {
    throw asEngineError(thrown, { url: engine.url, signal });
  }
  call.clock.engineAnswered();
  return Buffer.concat(parts).toString("utf8");
}

/** What the client itself asked for beyond a plain answer. */
function askedFor({ chat: { body } }: TokenCall, completion: Completion): Readonly<Record<string, unknown>> {
  const { prompt_token_ids: promptIds, choices } = completion;
  const [choice] = choices;
  return {
    ...(body.logprobs === true ? { logprobs: choice?.["logprobs"] } : {}),
    ...(body.return_prompt_token_ids === true
      ? { prompt_token_ids: choice?.prompt_token_ids ?? promptIds }
      : {}),
    ...(body.return_token_ids === true
      ? { token_ids: choice?.["token_ids"] ?? choice?.["response_token_ids"] }
      : {}),
    ...(body.return_meta_info === true ? { meta_info: choice?.["meta_info"] } : {}),
  };
}
