import { z } from "zod";
import type { EngineCore } from "../engine/engine.ts";
import { poolTokens } from "../settings/options.ts";
import { promptSchema, renderPrompt } from "./chat-request.ts";
import type { HttpExchange } from "./generation.ts";
import { ApiError, readBody, send, sendJson, sendPage } from "./http.ts";

export function models({ engine, response }: HttpExchange): void {
  const { model, contextLength } = engine.options;
  const card = {
    id: model,
    object: "model",
    created: Math.floor(Date.now() / 1000),
    owned_by: "tollgate-simulator",
    root: model,
    parent: null,
    max_model_len: contextLength,
  };
  sendJson(response, 200, { object: "list", data: [card] });
}

export function modelInfo({ engine, response }: HttpExchange): void {
  const { model } = engine.options;
  sendJson(response, 200, {
    model_path: model,
    tokenizer_path: "bench/simulator/model",
    is_generation: true,
    weight_version: "default",
    simulator: true,
  });
}

export function serverInfo({ engine, request, response }: HttpExchange): void {
  const { options, scheduler } = engine;
  sendJson(response, 200, {
    simulator: true,
    version: `${engine.sglang.version}-simulator`,
    pid: engine.pid,
    start_id: engine.startId,
    served_model_name: options.model,
    model_path: options.model,
    host: options.host,
    port: request.socket.localPort,
    context_length: options.contextLength,
    max_running_requests: options.maxRunningRequests,
    disable_radix_cache: !options.radixCache,
    max_total_num_tokens: poolTokens,
    enable_metrics: options.metrics,
    enable_cache_report: options.cacheReport,
    stream_interval: 1,
    decode_log_interval: 1,
    tool_call_parser: "qwen25",
    random_seed: options.seed,
    ...engine.serverInfo,
    simulator_options: options,
    simulator_timing: { late_ms_max: scheduler.timing.lateMsMax, stalled_ms: scheduler.timing.stalledMs },
    internal_states: [{ last_gen_throughput: engine.metrics.throughputTokensPerSecond }],
  });
}

export function loads({ engine, response }: HttpExchange): void {
  const { scheduler, options, metrics } = engine;
  const load = {
    dp_rank: 0,
    num_running_reqs: scheduler.runningCount,
    num_waiting_reqs: scheduler.queuedCount,
    num_waiting_uncached_tokens: scheduler.queuedTokens,
    num_used_tokens: scheduler.usedTokens,
    num_total_tokens: scheduler.usedTokens + scheduler.queuedTokens,
    max_total_num_tokens: scheduler.poolTokens,
    max_running_requests: options.maxRunningRequests,
    token_usage: scheduler.usedTokens / scheduler.poolTokens,
    gen_throughput: metrics.throughputTokensPerSecond,
    cache_hit_rate: 0,
    utilization: 0,
  };
  sendJson(response, 200, {
    timestamp: new Date().toISOString(),
    version: engine.sglang.version,
    loads: [load],
  });
}

export function metricsPage({ engine, request, response }: HttpExchange): void {
  if (engine.faults.noMetrics) throw new ApiError(404, "Not Found");
  if (!engine.options.metrics) throw new ApiError(404, "Not Found");
  const body = engine.metrics.page(engine.scheduler);
  sendPage(request, response, { contentType: "text/plain; version=0.0.4; charset=utf-8", body });
}

export function flushCache({ engine, response }: HttpExchange): void {
  const done = engine.scheduler.flush();
  const body = done ? "Cache flushed.\n" : "Cache not flushed because requests are running or waiting.\n";
  send(response, { status: done ? 200 : 400, contentType: "text/plain; charset=utf-8", body });
}

/** Answers after a real one-token round trip through the scheduler, which the request metrics do not count. */
export async function healthGenerate({ engine, response }: HttpExchange): Promise<void> {
  await engine.probe(Int32Array.of(0), { maxNewTokens: 1, counted: false });
  send(response, { status: 200, contentType: "text/plain", body: "" });
}

export async function abortRequest({ engine, request, response }: HttpExchange): Promise<void> {
  const schema = z.object({ rid: z.string().default(""), abort_all: z.boolean().default(false) });
  const { rid, abort_all: all } = await readBody(request, schema);
  if (all) engine.scheduler.abortAll("Aborted by /abort_request");
  else if (rid !== "") engine.abortById(rid);
  send(response, { status: 200, contentType: "text/plain", body: "" });
}

const tokenizeSchema = promptSchema.partial().extend({
  prompt: z.union([z.string(), z.array(z.string())]).nullish(),
});

export async function tokenize({ engine, request, response }: HttpExchange): Promise<void> {
  const body = await readBody(request, tokenizeSchema);
  const answer = (tokens: number[] | number[][], count: number | number[]) =>
    sendJson(response, 200, { tokens, count, max_model_len: engine.options.contextLength });
  if (body.messages !== undefined) {
    const { ids } = renderPrompt({ ...body, messages: body.messages }, engine);
    answer([...ids], ids.length);
  } else if (typeof body.prompt === "string") {
    const ids = encodeList(engine, body.prompt);
    answer(ids, ids.length);
  } else if (body.prompt != null) {
    const lists = body.prompt.map((text) => encodeList(engine, text));
    answer(
      lists,
      lists.map(({ length }) => length),
    );
  } else throw new ApiError(400, "Either prompt or messages should be provided.");
}

function encodeList(engine: EngineCore, text: string): number[] {
  return [...engine.tokenizer.encode(text)];
}

const idList = z.array(z.number().int().min(0));
const detokenizeSchema = z.object({
  tokens: z.union([idList, z.array(idList)]),
  skip_special_tokens: z.boolean().default(true),
});

export async function detokenize({ engine, request, response }: HttpExchange): Promise<void> {
  const { tokens, skip_special_tokens: skipSpecialTokens } = await readBody(request, detokenizeSchema);
  const decode = (ids: readonly number[]) => engine.tokenizer.decode(ids, { skipSpecialTokens });
  const isNested = tokens.some((entry) => Array.isArray(entry));
  const text = isNested ? (tokens as number[][]).map(decode) : decode(tokens as number[]);
  sendJson(response, 200, { text });
}

/** `GET /simulator/log?since=SEQ`: what the engine knows about its latest requests. */
export function requestLog({ engine, request, response }: HttpExchange): void {
  const since = Number(new URL(request.url ?? "/", "http://simulator").searchParams.get("since") ?? "0");
  if (!Number.isInteger(since) || since < 0) throw new ApiError(400, "since must be a sequence number.");
  sendJson(response, 200, engine.log.since(since));
}
