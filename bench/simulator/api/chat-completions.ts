import type { OutputPlan } from "../engine/output-plan.ts";
import { ApiError, readBody, sendJson } from "./http.ts";
import { type SimulatedChatRequest, chatRequestSchema, renderPrompt } from "./chat-request.ts";
import {
  type ChatEnvelope,
  finishReasonOf,
  logprobsContent,
  matchedStopOf,
  metaInfo,
  type ToolCallShape,
  usageOf,
} from "./chat-shapes.ts";
import { ChatStream } from "./chat-stream.ts";
import {
  type GenerationListener,
  type GenerationRequest,
  type HttpExchange,
  newRequestId,
  planGeneration,
  runGeneration,
} from "./generation.ts";
import type { RequestFaults } from "../settings/faults.ts";

/** `POST /v1/chat/completions`. @throws ApiError before anything was written */
export async function chatCompletions(exchange: HttpExchange, faults: RequestFaults): Promise<void> {
  const { engine } = exchange;
  const request = await readBody(exchange.request, chatRequestSchema);
  const arrivalNs = engine.clockNs();
  checkCombination(request);
  const prompt = renderPrompt(request, engine);
  const generation: GenerationRequest = {
    promptText: prompt.text,
    promptIds: prompt.ids,
    toolChoice: prompt.toolChoice,
    limits: {
      maxNewTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
      stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
      stopTokenIds: request.stop_token_ids ?? [],
      ignoreEos: request.ignore_eos ?? false,
    },
    streamed: request.stream ?? false,
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

function checkCombination(request: SimulatedChatRequest): void {
  if (request.n != null && request.n !== 1) throw new ApiError(400, "The simulator supports n=1 only.");
  if (request.ignore_eos === true && request.max_completion_tokens == null && request.max_tokens == null)
    throw new ApiError(400, "The simulator needs max_tokens when ignore_eos is set.");
  if (request.stream !== true) return;
  for (const name of ["return_token_ids", "return_prompt_token_ids", "return_meta_info"] as const)
    if (request[name] === true) throw new ApiError(400, `${name} is not supported with stream=true.`);
}

interface Answer {
  readonly request: SimulatedChatRequest;
  readonly plan: OutputPlan;
  readonly id: string;
}

function envelopeOf({ engine }: HttpExchange, { request, id }: Answer): ChatEnvelope {
  return { id, created: Math.floor(Date.now() / 1000), model: request.model ?? engine.options.model };
}

function newToolCallId(): string {
  return `call_${newRequestId().slice(0, 24)}`;
}

function streamedAnswer(exchange: HttpExchange, answer: Answer): GenerationListener {
  const stream = new ChatStream({
    engine: exchange.engine,
    request: answer.request,
    envelope: envelopeOf(exchange, answer),
    plan: answer.plan,
    response: exchange.response,
    toolCallId: newToolCallId(),
  });
  return {
    onToken: (count, ticket) => stream.token(count, ticket),
    onFinish: (finish, ticket) => stream.finish(finish, ticket),
  };
}

function wholeAnswer(exchange: HttpExchange, answer: Answer): GenerationListener {
  const { engine, response } = exchange;
  const { request, plan } = answer;
  return {
    onToken: () => {},
    onFinish: (finish, ticket) => {
      const produced = ticket.scheduled.produced;
      const logprobs =
        request.logprobs === true
          ? logprobsContent({ engine, ticket, plan }, [0, produced], request.top_logprobs ?? 0)
          : null;
      const choice = {
        index: 0,
        message: messageOf(plan),
        logprobs,
        finish_reason: finishReasonOf(finish, plan),
        matched_stop: matchedStopOf(finish),
        ...(request.return_prompt_token_ids === true
          ? { prompt_token_ids: [...ticket.scheduled.sequence.promptIds] }
          : {}),
        ...(request.return_token_ids === true ? { token_ids: [...plan.ids.subarray(0, produced)] } : {}),
        ...(request.return_meta_info === true
          ? { meta_info: metaInfo(engine, ticket, { finish, completionTokens: produced }) }
          : {}),
      };
      const usage = engine.faults.dropUsage ? {} : { usage: usageOf(engine, ticket, produced) };
      const { id, created, model } = envelopeOf(exchange, answer);
      ticket.sent();
      sendJson(response, 200, {
        id,
        object: "chat.completion",
        created,
        model,
        choices: [choice],
        ...usage,
        metadata: { weight_version: "default" },
      });
    },
  };
}

function messageOf(plan: OutputPlan): Record<string, unknown> {
  const { call, contentEnd } = plan.reply;
  const isCall = call !== null && plan.complete;
  const toolCalls: ToolCallShape[] | null = isCall
    ? [
        {
          id: newToolCallId(),
          index: 0,
          type: "function",
          function: { name: call.name, arguments: call.argumentsText },
        },
      ]
    : null;
  return {
    role: "assistant",
    content: isCall ? plan.text.slice(0, contentEnd) : plan.text,
    reasoning_content: null,
    tool_calls: toolCalls,
  };
}
