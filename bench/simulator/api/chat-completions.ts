import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { RequestFaults } from "../settings/faults.ts";
import { ApiError, readBody, sendJson } from "./http.ts";
import { type ParsedReply, parsedReply, wholeMessage } from "./chat-message.ts";
import {
  checkChatRequest,
  chatRequestSchema,
  renderPrompt,
  type SimulatedChatRequest,
} from "./chat-request.ts";
import { type ChatEnvelope, logprobsContent, usageOf } from "./chat-shapes.ts";
import { ChatStream } from "./chat-stream.ts";
import {
  type GenerationListener,
  type GenerationRequest,
  type HttpExchange,
  newRequestId,
  planGeneration,
  runGeneration,
} from "./generation.ts";
import { logprobInfo } from "./logprob-info.ts";
import { metaInfo } from "./meta-info.ts";
import { truncatePrompt } from "./truncate-prompt.ts";

/** `POST /v1/chat/completions`. @throws ApiError before anything was written */
export async function chatCompletions(exchange: HttpExchange, faults: RequestFaults): Promise<void> {
  const { engine } = exchange;
  const request = await readBody(exchange.request, chatRequestSchema);
  const arrivalNs = engine.clockNs();
  checkChatRequest(request, engine);
  checkCombination(request, engine);
  const { toolChoice, ...rendered } = renderPrompt(request, engine);
  const prompt = truncatePrompt(rendered, engine);
  const generation: GenerationRequest = {
    promptText: prompt.text,
    promptIds: prompt.ids,
    toolChoice,
    seed: request.seed ?? null,
    limits: {
      maxNewTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
      stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
      stopTokenIds: request.stop_token_ids ?? [],
      ignoreEos: request.ignore_eos ?? false,
    },
    streamed: request.stream ?? false,
    isStructured: isStructured(request),
    rid: request.rid ?? null,
    endpoint: "/v1/chat/completions",
    receivedNs: exchange.receivedNs,
    arrivalNs,
    faults,
  };
  const plan = planGeneration(exchange, generation);
  const id = generation.rid ?? newRequestId();
  const listener = generation.streamed
    ? streamedAnswer(exchange, { request, plan, id })
    : wholeAnswer(exchange, { request, plan, id });
  runGeneration(exchange, { generation, plan, id }, listener);
}

/** A call is forced, or a tool wants its arguments to follow its schema. */
function isStructured({ tools, tool_choice: choice }: SimulatedChatRequest): boolean {
  if (choice === "none") return false;
  const isForced = choice === "required" || (typeof choice === "object" && choice !== null);
  return isForced || (tools ?? []).some((tool) => tool.function.strict === true);
}

function checkCombination(request: SimulatedChatRequest, { sglang }: EngineCore): void {
  if (request.n != null && request.n !== 1) throw new ApiError(400, "The simulator supports n=1 only.");
  if (request.ignore_eos === true && request.max_completion_tokens == null && request.max_tokens == null)
    throw new ApiError(400, "The simulator needs max_tokens when ignore_eos is set.");
  if (request.stream !== true || !sglang.returnsTokenIds) return;
  for (const { name, where } of unstreamable)
    if (request[name] === true)
      throw new ApiError(
        400,
        `${name} is not supported with streaming${where}. Please set stream=false when using ${name}=true.`,
        "exception",
      );
}

const unstreamable = [
  { name: "return_prompt_token_ids", where: "" },
  { name: "return_token_ids", where: " on /v1/chat/completions" },
  { name: "return_meta_info", where: "" },
] as const;

interface Answer {
  readonly request: SimulatedChatRequest;
  readonly plan: OutputPlan;
  readonly id: string;
}

/** A request that names no model is answered as one for `default`. */
function envelopeOf({ request, id }: Answer): ChatEnvelope {
  return { id, created: Math.floor(Date.now() / 1000), model: request.model ?? "default" };
}

function parsedOf({ engine }: HttpExchange, { request, plan }: Answer): ParsedReply {
  return parsedReply(request, plan, engine.faults.noToolParser);
}

function streamedAnswer(exchange: HttpExchange, answer: Answer): GenerationListener {
  const { engine, response } = exchange;
  const { request, plan } = answer;
  const parsed = parsedOf(exchange, answer);
  const stream = new ChatStream({ engine, request, envelope: envelopeOf(answer), plan, parsed, response });
  return {
    onToken: (count, ticket) => stream.token(count, ticket),
    onFinish: (finish, ticket) => stream.finish(finish, ticket),
  };
}

function wholeAnswer(exchange: HttpExchange, answer: Answer): GenerationListener {
  const { engine, response } = exchange;
  return {
    onToken: () => {},
    onFinish: (finish, ticket) => {
      const { id, created, model } = envelopeOf(answer);
      const produced = ticket.scheduled.produced;
      const choices = [wholeChoice(exchange, answer, { finish, ticket })];
      const usage = engine.faults.dropUsage ? {} : { usage: usageOf(engine, ticket, produced) };
      const versions = [{ version: "default", start: 0, end: produced }];
      const newer = engine.sglang.writesNulls ? {} : { weight_versions: versions };
      const metadata = { weight_version: "default", ...newer };
      ticket.sent();
      sendJson(response, 200, {
        id,
        object: "chat.completion",
        created,
        model,
        choices,
        ...usage,
        metadata,
        ...cachedDetails(answer.request, ticket),
      });
    },
  };
}

function cachedDetails(request: SimulatedChatRequest, ticket: Ticket): Record<string, unknown> {
  const { cachedTokens } = ticket.scheduled;
  if (request.return_cached_tokens_details !== true || cachedTokens === 0) return {};
  return { sglext: { cached_tokens_details: { device: cachedTokens, host: 0 } } };
}

function wholeChoice(
  exchange: HttpExchange,
  answer: Answer,
  { finish, ticket }: { readonly finish: FinishReason; readonly ticket: Ticket },
): Record<string, unknown> {
  const { engine } = exchange;
  const { request, plan } = answer;
  const parsed = parsedOf(exchange, answer);
  const whole = wholeMessage(plan, { parsed, finish, sglang: engine.sglang });
  const range = [0, ticket.scheduled.produced] as const;
  const logprobs =
    request.logprobs === true
      ? logprobsContent({ engine, ticket, plan }, range, request.top_logprobs ?? 0)
      : null;
  return {
    index: 0,
    message: whole.message,
    logprobs,
    finish_reason: whole.finishReason,
    matched_stop: whole.matchedStop,
    ...(engine.sglang.returnsTokenIds ? tokensOf(engine, answer, { finish, ticket }) : {}),
  };
}

/** Ids and `meta_info`, as far as they were asked for. */
function tokensOf(
  engine: EngineCore,
  { request, plan }: Answer,
  { finish, ticket }: { readonly finish: FinishReason; readonly ticket: Ticket },
): Record<string, unknown> {
  const { sequence, produced } = ticket.scheduled;
  const withPrompt = request.return_prompt_token_ids === true || request.return_token_ids === true;
  const info = () => {
    const parts = { plan, ticket, produced, withText: true, topCount: request.top_logprobs ?? 0 };
    const logprobs = request.logprobs === true ? logprobInfo(engine, parts) : {};
    return metaInfo(engine, ticket, { finish, completionTokens: produced, isSentNow: true, logprobs });
  };
  return {
    ...(withPrompt ? { prompt_token_ids: [...sequence.promptIds] } : {}),
    ...(request.return_token_ids === true ? { response_token_ids: [...plan.ids.subarray(0, produced)] } : {}),
    ...(request.return_meta_info === true ? { meta_info: info() } : {}),
  };
}
