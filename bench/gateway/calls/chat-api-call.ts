import { z } from "zod";
import { ChatAnswer, type AnswerEnd } from "./chat-answer.ts";
import type { CallTokens } from "../sessions/call-tree.ts";
import { DialectError } from "../http/dialect-error.ts";
import { askEngine, asEngineError, EngineError } from "../engine/engine-request.ts";
import type { OutputPiece } from "../parsing/output-piece.ts";
import { sglangTools } from "../rendering/engine-prompt.ts";
import { chainOf, extendChain } from "../rendering/message-chain.ts";
import { normaliseMessages } from "../rendering/normalise-messages.ts";
import { finishCall, weightVersion, type TokenCall } from "./token-call.ts";

const toolCallSchema = z.object({
  id: z.string().nullish(),
  function: z.object({ name: z.string(), arguments: z.string().nullish() }),
});
const pair = z.tuple([z.number(), z.int()], z.unknown());
/** The parts of SGLang's chat completion that are recorded. Which of them carry ids depends on its version. */
const completionSchema = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({
          content: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          tool_calls: z.array(toolCallSchema).nullish(),
        }),
        logprobs: z
          .looseObject({ content: z.array(z.looseObject({ logprob: z.number() })).nullish() })
          .nullish(),
        finish_reason: z.string().nullish(),
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
  usage: z
    .looseObject({
      prompt_tokens: z.int(),
      completion_tokens: z.int(),
      prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nullish() }).nullish(),
    })
    .nullish(),
  metadata: z.looseObject({ weight_version: z.union([z.string(), z.number()]).nullish() }).nullish(),
});
type Completion = z.infer<typeof completionSchema>;
type Choice = Completion["choices"][number];

/** Level L1: the engine's chat API, asked for ids, hence without streaming. @throws {EngineError | ClientGoneError} */
export async function callChatApi(call: TokenCall): Promise<void> {
  const { body } = call.chat;
  if (body.stream === true && body.logprobs === true)
    throw new DialectError(
      400,
      "logprobs cannot be streamed at recording level L1: leave out stream or logprobs",
    );
  const completion = await completionOf(call);
  const [choice] = completion.choices;
  if (choice === undefined || choice.finish_reason == null || choice.finish_reason === "abort")
    throw new EngineError(502, "The engine ended the generation before it was complete");
  const end: AnswerEnd = {
    finishReason: choice.finish_reason,
    matchedStop: choice.matched_stop ?? null,
    usage: usageOf(completion, choice),
  };
  const { model, id } = completion;
  const callIds = (choice.message.tool_calls ?? []).map((toolCall) => toolCall.id ?? call.newCallId());
  const answer = new ChatAnswer(
    { response: call.response, onChunk: (bytes) => call.clock.chunk(bytes) },
    { id: id ?? call.interactionId, created: call.created, model: model ?? body.model ?? "" },
    {
      streamed: body.stream === true,
      includeUsage: body.stream_options?.include_usage === true,
      newCallId: () => callIds.shift() ?? call.newCallId(),
      extras: body.stream === true ? {} : askedFor(call, choice),
    },
  );
  answer.add(piecesOf(choice));
  finishCall({ ...call, interactionId: id ?? call.interactionId }, answer, {
    end,
    tokens: tokensOf(call, completion, choice),
  });
}

async function completionOf(call: TokenCall): Promise<Completion> {
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
  const read = completionSchema.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  throw new EngineError(502, `The engine's answer is no chat completion: ${text.slice(0, 200)}`);
}

/** The request as it came, with fields behind all others: of a key that occurs twice the last one counts. */
function withTokenIds(text: string): string {
  const end = text.lastIndexOf("}");
  const fields =
    '"stream":false,"stream_options":null,"logprobs":true,"return_prompt_token_ids":true,"return_token_ids":true,"return_meta_info":true';
  return `${text.slice(0, end)},${fields}}`;
}

function usageOf({ usage }: Completion, { prompt_token_ids: promptIds, token_ids: ids }: Choice) {
  const promptTokens = usage?.prompt_tokens ?? promptIds?.length;
  const completionTokens = usage?.completion_tokens ?? ids?.length;
  if (promptTokens === undefined || completionTokens === undefined) return null;
  return {
    promptTokens,
    completionTokens,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? null,
  };
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

function piecesOf({ message }: Choice): readonly OutputPiece[] {
  const { content, reasoning_content: reasoning, tool_calls: calls } = message;
  return [
    ...(reasoning ? [{ kind: "reasoning", text: reasoning } as const] : []),
    ...(content ? [{ kind: "content", text: content } as const] : []),
    ...(calls ?? []).flatMap(({ function: { name, arguments: text } }, index) => [
      { kind: "call", index, name } as const,
      { kind: "arguments", index, text: text ?? "{}" } as const,
    ]),
  ];
}

/** The ids that the engine itself gave; null, and nothing made up, where it gave not all of them. */
function tokensOf(call: TokenCall, completion: Completion, choice: Choice): CallTokens | null {
  const output = outputOf(choice);
  if (choice.prompt_token_ids == null || output === null) {
    call.note("no-token-ids");
    return null;
  }
  const normalised = normaliseMessages(call.chat.messages, "string");
  if (normalised.invalidArguments > 0) call.note("invalid-tool-arguments");
  const chain = chainOf(
    sglangTools(call.chat.tools),
    normalised.messages,
    call.chat.body.chat_template_kwargs ?? {},
  );
  const answer = { ...choice.message, role: "assistant" };
  const [echo = answer] = normaliseMessages([answer], "string").messages;
  const version = choice.meta_info?.weight_version ?? completion.metadata?.weight_version;
  return {
    promptIds: Int32Array.from(choice.prompt_token_ids),
    ...output,
    weightVersion: weightVersion(version),
    conversation: {
      chain,
      after: extendChain(chain, echo),
      reasoning: choice.message.reasoning_content ?? null,
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
