import { z } from "zod";
import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { RequestFaults } from "../settings/faults.ts";
import {
  type GenerationListener,
  type GenerationRequest,
  type HttpExchange,
  newRequestId,
  planGeneration,
  runGeneration,
} from "./generation.ts";
import { ApiError, endStream, flushWritten, NativeError, readBody, sendJson } from "./http.ts";
import { logprobInfo } from "./logprob-info.ts";
import { metaInfo } from "./meta-info.ts";
import { truncatePrompt } from "./truncate-prompt.ts";
import { checkSampling, samplingSchema, unknownParameter } from "./sampling-limits.ts";

const flag = z.boolean().nullish();
const id = z.number().int().min(0);

const generateSchema = z.object({
  text: z.string().nullish(),
  input_ids: z.array(id).nullish(),
  sampling_params: samplingSchema.nullish(),
  return_logprob: flag,
  logprob_start_len: z.number().int().nullish(),
  top_logprobs_num: z.number().int().min(0).nullish(),
  return_text_in_logprobs: flag,
  stream: flag,
  rid: z.string().nullish(),
});
type GenerateRequest = z.infer<typeof generateSchema>;

/** SGLang's default of `max_new_tokens` on this endpoint, when it is left out; null means as many as fit. */
const maxNewTokensDefault = 128;

/** `POST /generate`: the native endpoint, with text or token ids. @throws ApiError before anything was written */
export async function generate(exchange: HttpExchange, faults: RequestFaults): Promise<void> {
  const { engine, response } = exchange;
  const request = await readBody(exchange.request, generateSchema);
  const arrivalNs = engine.clockNs();
  const unknown = unknownParameter(request.sampling_params ?? {});
  if (unknown !== null) {
    if (engine.sglang.refusesUnknownSampling) throw new NativeError(400, unknown, { error: unknown });
    throw new NativeError(500, unknown, "Internal Server Error");
  }
  // The head of a stream goes out before anything is known of the request; what is wrong with it is an event.
  if (request.stream === true) startStream(exchange);
  try {
    const generation = generationOf(exchange, request, { arrivalNs, faults });
    const plan = planGeneration(exchange, generation);
    const requestId = generation.rid ?? newRequestId();
    runGeneration(exchange, { generation, plan, id: requestId }, answer(exchange, request, plan));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (request.stream !== true) throw new NativeError(error.status, error.message);
    response.write(`data: ${JSON.stringify({ error: streamedError(engine, error) })}\n\n`);
    endStream(response);
  }
}

function streamedError({ sglang }: EngineCore, { message, status }: ApiError): Record<string, unknown> {
  if (sglang.writesNulls) return { message };
  return { message, type: "invalid_request_error", code: status, retryable: false };
}

function startStream({ response }: HttpExchange): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.flushHeaders();
}

/** @throws ApiError */
function generationOf(
  { engine, receivedNs }: HttpExchange,
  request: GenerateRequest,
  { arrivalNs, faults }: Pick<GenerationRequest, "arrivalNs" | "faults">,
): GenerationRequest {
  const sampling = request.sampling_params ?? {};
  if (sampling.n != null && sampling.n !== 1) throw new ApiError(400, "The simulator supports n=1 only.");
  if (request.text == null && request.input_ids == null)
    throw new ApiError(400, "Either text, input_ids or input_embeds should be provided.");
  checkSampling(sampling, engine);
  const ids =
    request.input_ids == null
      ? engine.tokenizer.encode(request.text ?? "")
      : Int32Array.from(request.input_ids);
  const text = request.input_ids == null ? (request.text ?? "") : engine.tokenizer.decode(ids);
  const prompt = truncatePrompt({ text, ids }, engine);
  return {
    promptText: prompt.text,
    promptIds: prompt.ids,
    toolChoice: "auto",
    seed: sampling.sampling_seed ?? null,
    limits: {
      maxNewTokens: sampling.max_new_tokens === undefined ? maxNewTokensDefault : sampling.max_new_tokens,
      stop: typeof sampling.stop === "string" ? [sampling.stop] : (sampling.stop ?? []),
      stopTokenIds: sampling.stop_token_ids ?? [],
      ignoreEos: sampling.ignore_eos ?? false,
    },
    streamed: request.stream ?? false,
    computesWholePrompt: tellsPromptLogprobs(request),
    rid: request.rid ?? null,
    endpoint: "/generate",
    receivedNs,
    arrivalNs,
    faults,
  };
}

/** For them the whole prompt is computed, and nothing of it comes from the cache. */
function tellsPromptLogprobs(request: GenerateRequest): boolean {
  return request.return_logprob === true && (request.logprob_start_len ?? -1) >= 0;
}

function answer(exchange: HttpExchange, request: GenerateRequest, plan: OutputPlan): GenerationListener {
  const { response } = exchange;
  const frame = (part: FramePart) => frameOf(exchange, { request, plan }, part);
  if (request.stream !== true)
    return {
      onToken: () => {},
      onFinish: (finish, ticket) => {
        const produced = ticket.scheduled.produced;
        const body = frame({ produced, ticket, finish, isSentNow: true });
        ticket.sent();
        sendJson(response, 200, body);
      },
    };
  const write = (part: FramePart) => {
    const event = `data: ${JSON.stringify(frame(part))}\n\n`;
    part.ticket.sent();
    response.write(event);
    flushWritten(response);
  };
  return {
    onToken: (produced, ticket) => {
      // The last token's frame is the one that carries the finish reason.
      if (produced < plan.ids.length) write({ produced, ticket, finish: null, isSentNow: produced === 1 });
    },
    onFinish: (finish, ticket) => {
      const { produced } = ticket.scheduled;
      write({ produced, ticket, finish, isSentNow: true });
      endStream(response);
    },
  };
}

interface FramePart {
  readonly produced: number;
  readonly ticket: Ticket;
  readonly finish: FinishReason | null;
  /** The client's first piece. */
  readonly isSentNow: boolean;
}

function frameOf(
  { engine }: HttpExchange,
  { request, plan }: { readonly request: GenerateRequest; readonly plan: OutputPlan },
  { produced, ticket, finish, isSentNow }: FramePart,
): unknown {
  const ids = plan.ids.subarray(0, produced);
  const ended = finish !== null && finish.type !== "abort";
  // The end of a cut character stays back until its last byte is there.
  const text = ended
    ? plan.text
    : visiblePrefix(engine.tokenizer.decode(ids, { skipSpecialTokens: true }), plan.text);
  const parts = {
    plan,
    ticket,
    produced,
    withText: request.return_text_in_logprobs === true,
    topCount: request.top_logprobs_num ?? 0,
    withPrompt: tellsPromptLogprobs(request),
  };
  const logprobs = request.return_logprob === true ? logprobInfo(engine, parts) : {};
  return {
    text,
    output_ids: [...ids],
    meta_info: metaInfo(engine, ticket, { finish, completionTokens: produced, isSentNow, logprobs }),
  };
}

function visiblePrefix(decoded: string, final: string): string {
  const clean = decoded.replace(/\uFFFD+$/, "");
  return final.startsWith(decoded) ? decoded : final.startsWith(clean) ? clean : final;
}
