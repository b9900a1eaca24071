import { answerKey } from "../model/visible.ts";
import type { LikelyToken } from "../model/likelihood.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import { type TrainerChatRequest, chatRequestSchema, completionRequestSchema } from "./chat-request.ts";
import { type Generated, generate } from "./generation.ts";
import { type TrainerExchange, readBody, Uncaught } from "./http.ts";
import { reply } from "./reply.ts";
import { type AnswerForm, stream, take } from "./stream.ts";

type Sampling = Pick<TrainerChatRequest, "model" | "stream" | "stream_options">;

/** POST /v1/chat/completions */
export async function chatCompletions(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  const receivedNs = core.io.clockNs();
  const body = await readBody(exchange, chatRequestSchema);
  if (struck(core)) return;
  await core.turns.withTurn(async () => {
    const { messages, temperature = null, seed = null, max_tokens: maxTokens = null } = body;
    const topLogprobs = body.logprobs ? Math.max(1, body.top_logprobs) : 0;
    const generated = generate(core, {
      model: body.model,
      messages,
      temperature,
      seed,
      maxTokens,
      topLogprobs,
    });
    core.remember({
      key: answerKey(generated.visible),
      tokens: generated.tokens.length,
      has_logprobs: core.law.logprobs !== "none",
      has_system_prompt: messages.some(({ role, content }) => role === "system" && content !== ""),
      at_ms: core.io.nowMs(),
    });
    const form: AnswerForm = {
      id: `chatcmpl-${core.io.uuid().replaceAll("-", "").slice(0, 12)}`,
      object: "chat.completion.chunk",
      first: { role: "assistant" },
      piece: (text) => ({ delta: { content: text } }),
      end: { delta: {} },
    };
    const logprobs = body.logprobs && core.law.logprobs === "full" ? logprobsOf(generated.tokens) : null;
    await answer(core, exchange, {
      body,
      generated,
      form,
      receivedNs,
      choice: chatChoice(generated, logprobs),
    });
  });
}

/** POST /v1/completions */
export async function completions(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  const receivedNs = core.io.clockNs();
  const body = await readBody(exchange, completionRequestSchema);
  if (struck(core)) return;
  await core.turns.withTurn(async () => {
    const { temperature = null, seed = null, max_tokens: maxTokens = null } = body;
    const messages = [{ role: "user", content: body.prompt }];
    const generated = generate(core, {
      model: body.model,
      messages,
      temperature,
      seed,
      maxTokens,
      topLogprobs: 0,
    });
    const form: AnswerForm = {
      id: `cmpl-${core.io.uuid().replaceAll("-", "").slice(0, 12)}`,
      object: "text_completion",
      first: {},
      piece: (text) => ({ text }),
      end: { text: "" },
    };
    await answer(core, exchange, { body, generated, form, receivedNs, choice: { text: generated.visible } });
  });
}

/** Whether the request gets no answer. @throws Uncaught where it is to fail */
function struck(core: TrainerCore): boolean {
  if (core.faults.strikes("generation_500")) throw new Uncaught();
  return core.faults.strikes("generation_hang");
}

interface ToAnswer {
  readonly body: Sampling;
  readonly generated: Generated;
  readonly form: AnswerForm;
  readonly receivedNs: number;
  readonly choice: Readonly<Record<string, unknown>>;
}

async function answer(core: TrainerCore, exchange: TrainerExchange, what: ToAnswer): Promise<void> {
  const { body, generated, form, receivedNs, choice } = what;
  const model = body.model === "" ? "default" : body.model;
  const finishReason = core.law.honest_finish_reason && generated.isCut ? "length" : "stop";
  const usage = {
    prompt_tokens: generated.promptTokens,
    completion_tokens: generated.tokens.length,
    total_tokens: generated.promptTokens + generated.tokens.length,
  };
  const created = Math.floor(core.io.nowMs() / 1000);
  const head = { id: form.id, created, model };
  const turn = { core, exchange, generated, receivedNs, turnNs: core.io.clockNs() };
  if (body.stream) {
    const withUsage = body.stream_options?.include_usage === true;
    await stream(turn, { form, head, finishReason, usage: withUsage ? usage : null });
    return;
  }
  await take(turn);
  const object = form.object.replace(/\.chunk$/u, "");
  const choices = [{ index: 0, ...choice, finish_reason: finishReason }];
  reply(core, exchange, { ...head, object, choices, usage });
}

function chatChoice({ visible }: Generated, logprobs: object | null) {
  return { message: { role: "assistant", content: visible }, logprobs };
}

function logprobsOf(tokens: readonly LikelyToken[]) {
  const shown = ({ text, logprob, bytes }: Omit<LikelyToken, "top">) => ({ token: text, logprob, bytes });
  return { content: tokens.map((token) => ({ ...shown(token), top_logprobs: token.top.map(shown) })) };
}
