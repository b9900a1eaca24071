import { z } from "zod";
import type { Answer, TokenUsage } from "../../answer/answer.ts";
import { whyUnusable } from "../../answer/complete.ts";
import { parsed } from "../../answer/json.ts";
import { readAnswer } from "../../answer/read-answer.ts";
import { ChatAnswer, type AnswerEnd } from "./chat-answer.ts";
import type { CallTokens } from "../sessions/call-tree.ts";
import { DialectError } from "../http/dialect-error.ts";
import { askEngine, asEngineError, EngineError } from "../engine/engine-request.ts";
import type { OutputPiece } from "../parsing/output-piece.ts";
import { chainOf, extendChain } from "../rendering/message-chain.ts";
import { normaliseMessages } from "../rendering/normalise-messages.ts";
import { shapedTools } from "../rendering/tool-forms.ts";
import { finishCall, weightVersion, type TokenCall } from "./token-call.ts";

const pair = z.tuple([z.number(), z.int()], z.unknown());
/** What SGLang's chat completion tells of tokens. Which parts carry ids depends on its version. */
const completionSchema = z.looseObject({
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({}),
        logprobs: z
          .looseObject({ content: z.array(z.looseObject({ logprob: z.number() })).nullish() })
          .nullish(),
        matched_stop: z.union([z.int(), z.string()]).nullish().catch(null),
        prompt_token_ids: z.array(z.int()).nullish(),
        token_ids: z.array(z.int()).nullish(),
        meta_info: z
          .looseObject({
            output_token_logprobs: z.array(pair).nullish().catch(null),
            weight_version: z.union([z.string(), z.number()]).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  metadata: z.looseObject({ weight_version: z.union([z.string(), z.number()]).nullish() }).nullish(),
});
type Completion = z.infer<typeof completionSchema>;
type Choice = Completion["choices"][number];

interface EngineCompletion {
  readonly said: Answer;
  readonly model: string | null;
  readonly choice: Choice;
  readonly version: string | number | null;
}

/** Level L1: the engine's chat API, asked for ids, hence without streaming. @throws {EngineError | ClientGoneError} */
export async function callChatApi(call: TokenCall): Promise<void> {
  const { body } = call.chat;
  if (body.stream === true && body.logprobs === true)
    throw new DialectError(
      400,
      "logprobs cannot be streamed at recording level L1: leave out stream or logprobs",
    );
  const completion = await completionOf(call);
  const { said, choice, model } = completion;
  const unusable = whyUnusable(said);
  if (said.finish === null || unusable !== null)
    throw new EngineError(502, `The engine's answer ${unusable ?? "has no end"}`);
  const end: AnswerEnd = {
    finishReason: said.finish,
    matchedStop: choice.matched_stop ?? null,
    usage: said.usage ?? usageOf(choice),
  };
  const id = said.responseId ?? call.interactionId;
  const callIds = said.calls.map((made) => made.id || call.newCallId());
  const answer = new ChatAnswer(
    { response: call.response, onChunk: (bytes) => call.clock.chunk(bytes) },
    { id, created: call.created, model: model ?? body.model ?? "" },
    {
      streamed: body.stream === true,
      includeUsage: body.stream_options?.include_usage === true,
      newCallId: () => callIds.shift() ?? call.newCallId(),
      extras: body.stream === true ? {} : askedFor(call, choice),
    },
  );
  answer.add(piecesOf(said));
  finishCall({ ...call, interactionId: id }, answer, { end, tokens: tokensOf(call, completion) });
}

async function completionOf(call: TokenCall): Promise<EngineCompletion> {
  const { engine, signal, request } = call;
  const parts: Buffer[] = [];
  try {
    const answer = await askEngine(engine, {
      path: "/v1/chat/completions",
      body: withTokenIds(call.chat.text),
      request,
      signal,
    });
    for await (const part of answer) parts.push(part);
  } catch (thrown) {
    throw asEngineError(thrown, { url: engine.url, signal });
  }
  call.clock.engineAnswered();
  const text = Buffer.concat(parts).toString("utf8");
  const read = completionSchema.safeParse(parsed(text));
  const choice = read.data?.choices[0];
  if (choice !== undefined) {
    const version = choice.meta_info?.weight_version ?? read.data?.metadata?.weight_version ?? null;
    return { said: readAnswer(text), model: read.data?.model ?? null, choice, version };
  }
  throw new EngineError(502, `The engine's answer is no chat completion: ${text.slice(0, 200)}`);
}

/** The request as it came, with fields behind all others: of a key that occurs twice the last one counts. */
function withTokenIds(text: string): string {
  const end = text.lastIndexOf("}");
  const fields =
    '"stream":false,"stream_options":null,"logprobs":true,"return_prompt_token_ids":true,"return_token_ids":true,"return_meta_info":true';
  return `${text.slice(0, end)},${fields}}`;
}

/** An engine that sends no usage may still send the ids. */
function usageOf({ prompt_token_ids: promptIds, token_ids: ids }: Choice): TokenUsage | null {
  if (promptIds == null || ids == null) return null;
  return { promptTokens: promptIds.length, completionTokens: ids.length, cachedTokens: null };
}

/** What the client itself asked for beyond a plain answer. */
function askedFor({ chat: { body } }: TokenCall, choice: Choice): Readonly<Record<string, unknown>> {
  return {
    ...(body.logprobs === true ? { logprobs: choice.logprobs } : {}),
    ...(body.return_prompt_token_ids === true ? { prompt_token_ids: choice.prompt_token_ids } : {}),
    ...(body.return_token_ids === true ? { token_ids: choice.token_ids } : {}),
    ...(body.return_meta_info === true ? { meta_info: choice.meta_info } : {}),
  };
}

function piecesOf({ reasoning, text, calls }: Answer): readonly OutputPiece[] {
  return [
    ...(reasoning ? [{ kind: "reasoning", text: reasoning } as const] : []),
    ...(text ? [{ kind: "content", text } as const] : []),
    ...calls.flatMap(({ name, argumentsText }, index) => [
      { kind: "call", index, name } as const,
      { kind: "arguments", index, text: argumentsText || "{}" } as const,
    ]),
  ];
}

/** The ids that the engine itself gave; null, and nothing made up, where it gave not all of them. */
function tokensOf(call: TokenCall, { said, choice, version }: EngineCompletion): CallTokens | null {
  const output = outputOf(choice);
  if (choice.prompt_token_ids == null || output === null) {
    call.note("no-token-ids");
    return null;
  }
  const normalised = normaliseMessages(call.chat.messages, "string");
  if (normalised.invalidArguments > 0) call.note("invalid-tool-arguments");
  const chain = chainOf(
    // Compared with other calls of this session only, so any one form does.
    shapedTools(call.chat.tools, "as-sent"),
    normalised.messages,
    call.chat.body.chat_template_kwargs ?? {},
  );
  const answer = { ...choice.message, role: "assistant" };
  const [echo = answer] = normaliseMessages([answer], "string").messages;
  return {
    promptIds: Int32Array.from(choice.prompt_token_ids),
    ...output,
    weightVersion: weightVersion(version),
    conversation: {
      chain,
      after: extendChain(chain, echo),
      reasoning: said.reasoning || null,
    },
  };
}

function outputOf({ meta_info: meta, token_ids: ids, logprobs }: Choice) {
  const pairs = meta?.output_token_logprobs;
  if (pairs != null)
    return {
      outputIds: Int32Array.from(pairs, ([, id]) => id),
      outputLogprobs: Float64Array.from(pairs, ([logprob]) => logprob),
    };
  const values = logprobs?.content;
  if (ids == null || values == null || values.length !== ids.length) return null;
  return {
    outputIds: Int32Array.from(ids),
    outputLogprobs: Float64Array.from(values, ({ logprob }) => logprob),
  };
}
