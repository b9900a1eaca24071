import { z } from "zod";
import type { Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { RequestFaults } from "../settings/faults.ts";
import { metaInfo } from "./chat-shapes.ts";
import {
  type GenerationListener,
  type HttpExchange,
  newRequestId,
  planGeneration,
  runGeneration,
} from "./generation.ts";
import { ApiError, flushWritten, readBody, sendJson } from "./http.ts";

const flag = z.boolean().nullish();
const id = z.number().int().min(0);

const generateSchema = z.object({
  text: z.string().nullish(),
  input_ids: z.array(id).nullish(),
  sampling_params: z
    .object({
      max_new_tokens: z.number().int().positive().nullish(),
      stop: z.union([z.string(), z.array(z.string())]).nullish(),
      stop_token_ids: z.array(z.number().int()).nullish(),
      ignore_eos: flag,
      n: z.number().int().nullish(),
    })
    .nullish(),
  return_logprob: flag,
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
  const { engine } = exchange;
  const request = await readBody(exchange.request, generateSchema);
  const arrivalNs = engine.clockNs();
  const sampling = request.sampling_params ?? {};
  if (sampling.n != null && sampling.n !== 1) throw new ApiError(400, "The simulator supports n=1 only.");
  if ((request.text == null) === (request.input_ids == null))
    throw new ApiError(400, "Either text or input_ids should be provided.");
  const promptIds =
    request.input_ids == null
      ? engine.tokenizer.encode(request.text ?? "")
      : Int32Array.from(request.input_ids);
  const generation = {
    promptText: request.text ?? engine.tokenizer.decode(promptIds),
    promptIds,
    toolChoice: "auto",
    limits: {
      maxNewTokens: sampling.max_new_tokens === undefined ? maxNewTokensDefault : sampling.max_new_tokens,
      stop: typeof sampling.stop === "string" ? [sampling.stop] : (sampling.stop ?? []),
      stopTokenIds: sampling.stop_token_ids ?? [],
      ignoreEos: sampling.ignore_eos ?? false,
    },
    streamed: request.stream ?? false,
    rid: request.rid ?? null,
    endpoint: "/generate",
    receivedNs: exchange.receivedNs,
    arrivalNs,
    faults,
  } as const;
  const plan = planGeneration(exchange, generation);
  const requestId = generation.rid ?? newRequestId();
  runGeneration(exchange, { generation, plan, id: requestId }, answer(exchange, request, plan));
}

function answer(exchange: HttpExchange, request: GenerateRequest, plan: OutputPlan): GenerationListener {
  const { engine, response } = exchange;
  const frame = (produced: number, ticket: Ticket, finish: FinishReason | null) => {
    const ids = plan.ids.subarray(0, produced);
    const ended = finish !== null && finish.type !== "abort";
    // The end of a cut character stays back until its last byte is there.
    const text = ended
      ? plan.text
      : visiblePrefix(engine.tokenizer.decode(ids, { skipSpecialTokens: true }), plan.text);
    return {
      text,
      output_ids: [...ids],
      meta_info: {
        ...metaInfo(engine, ticket, { finish: finish ?? plan.finish, completionTokens: produced }),
        finish_reason: finish,
        ...(request.return_logprob === true
          ? logprobInfo(exchange, { request, plan, ticket, produced })
          : {}),
        ...(finish === null ? { e2e_latency: undefined, decode_throughput: undefined } : {}),
      },
    };
  };
  if (request.stream !== true)
    return {
      onToken: () => {},
      onFinish: (finish, ticket) => {
        const body = frame(ticket.scheduled.produced, ticket, finish);
        ticket.sent();
        sendJson(response, 200, body);
      },
    };
  const write = (body: unknown, ticket: Ticket) => {
    if (!response.headersSent)
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    const event = `data: ${JSON.stringify(body)}\n\n`;
    ticket.sent();
    response.write(event);
    flushWritten(response);
  };
  return {
    onToken: (count, ticket) => {
      // The last token's frame is the one that carries the finish reason.
      if (count < plan.ids.length) write(frame(count, ticket, null), ticket);
    },
    onFinish: (finish, ticket) => {
      write(frame(ticket.scheduled.produced, ticket, finish), ticket);
      response.end("data: [DONE]\n\n");
    },
  };
}

function visiblePrefix(decoded: string, final: string): string {
  const clean = decoded.replace(/\uFFFD+$/, "");
  return final.startsWith(decoded) ? decoded : final.startsWith(clean) ? clean : final;
}

function logprobInfo(
  { engine }: HttpExchange,
  part: {
    readonly request: GenerateRequest;
    readonly plan: OutputPlan;
    readonly ticket: Ticket;
    readonly produced: number;
  },
): Record<string, unknown> {
  const { request, plan, ticket, produced } = part;
  const withText = request.return_text_in_logprobs === true;
  const entry = (tokenId: number, logprob: number) => [
    logprob,
    tokenId,
    withText ? new TextDecoder().decode(engine.tokenizer.bytesOf(tokenId)) : null,
  ];
  const ids = [...plan.ids.subarray(0, produced)];
  const topCount = request.top_logprobs_num ?? 0;
  return {
    input_token_logprobs: [],
    output_token_logprobs: ids.map((tokenId, position) => entry(tokenId, ticket.logprobs.at(position))),
    output_token_logprobs_length: produced,
    ...(topCount > 0
      ? {
          output_top_logprobs: ids.map((tokenId, position) =>
            ticket.logprobs.top(position, tokenId, topCount).map((top) => entry(top.id, top.logprob)),
          ),
        }
      : {}),
  };
}
