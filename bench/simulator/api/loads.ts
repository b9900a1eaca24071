import type { EngineCore } from "../engine/engine.ts";
import type { HttpExchange } from "./generation.ts";
import { sendJson } from "./http.ts";

/** `GET /v1/loads`: what the scheduler holds at this moment. `?include=core` leaves out the sections beside the counts. */
export function loads({ engine, request, response }: HttpExchange): void {
  const beganNs = engine.clockNs();
  const sections = new URL(request.url ?? "/", "http://simulator").searchParams.getAll("include");
  const isCore = sections.length > 0 && sections.every((name) => name === "core");
  const answer = engine.sglang.hasGetLoad ? olderLoads : newerLoads;
  sendJson(response, 200, answer(engine, isCore));
  engine.metrics.http.loadsTold((engine.clockNs() - beganNs) / 1e9);
}

/** `GET /get_load`, which later versions do not have. */
export function getLoad({ engine, response }: HttpExchange): void {
  const { scheduler } = engine;
  const load = {
    rid: null,
    http_worker_ipc: null,
    dp_rank: null,
    num_reqs: scheduler.runningCount + scheduler.queuedCount,
    num_waiting_reqs: scheduler.queuedCount,
    num_tokens: scheduler.usedTokens + scheduler.queuedTokens,
    ts_tic: engine.clockNs() / 1e9,
  };
  sendJson(response, 200, [load]);
}

function olderLoads(engine: EngineCore, isCore: boolean): unknown {
  const counts = countsOf(engine);
  const total = counts.num_running_reqs + counts.num_waiting_reqs;
  const load = { ...counts, num_total_reqs: total, ...(isCore ? {} : sectionsOf(engine, "prealloc")) };
  return {
    timestamp: timestamp(),
    version: engine.sglang.version,
    dp_rank_count: 1,
    loads: [load],
    aggregate: {
      total_running_reqs: counts.num_running_reqs,
      total_waiting_reqs: counts.num_waiting_reqs,
      total_reqs: total,
      avg_token_usage: counts.token_usage,
      avg_throughput: counts.gen_throughput,
      avg_utilization: 0,
    },
  };
}

function newerLoads(engine: EngineCore, isCore: boolean): unknown {
  const { scheduler } = engine;
  const { computedTokens, prefillBusyNs, decodeMoments } = engine.metrics.scheduler;
  const load = {
    timestamp: Date.now() / 1000,
    dp_rank: 0,
    ...countsOf(engine),
    num_waiting_uncached_tokens: scheduler.queuedTokens,
    num_total_tokens: scheduler.usedTokens + scheduler.queuedTokens,
    num_active_tokens: scheduler.usedTokens,
    num_prealloc_ready_tokens: 0,
    total_prefill_uncached_tokens: computedTokens,
    total_prefill_busy_us: Math.round(prefillBusyNs / 1000),
    decode_moments: (decodeMoments[0] ?? 0) > 0 ? decodeMoments : null,
    ...(isCore ? {} : sectionsOf(engine, "bootstrap")),
  };
  return {
    timestamp: timestamp(),
    version: engine.sglang.version,
    accelerator: null,
    num_accelerators: 1,
    loads: [load],
  };
}

function countsOf({ scheduler, options, metrics }: EngineCore) {
  return {
    num_running_reqs: scheduler.runningCount,
    num_waiting_reqs: scheduler.queuedCount,
    num_used_tokens: scheduler.usedTokens,
    max_total_num_tokens: scheduler.poolTokens,
    max_running_requests: options.maxRunningRequests,
    token_usage: scheduler.usedTokens / scheduler.poolTokens,
    gen_throughput: metrics.scheduler.throughput,
    cache_hit_rate: metrics.scheduler.cacheHitRate,
    utilization: 0,
  };
}

function sectionsOf({ scheduler, sglang }: EngineCore, prefillQueue: string): Record<string, unknown> {
  return {
    memory: { weight_gb: 0, kv_cache_gb: 0, graph_gb: 0, token_capacity: scheduler.poolTokens },
    disaggregation: {
      mode: "null",
      [`prefill_${prefillQueue}_queue_reqs`]: 0,
      prefill_inflight_queue_reqs: 0,
      decode_prealloc_queue_reqs: 0,
      decode_transfer_queue_reqs: 0,
      decode_retracted_queue_reqs: 0,
      kv_transfer_speed_gb_s: 0,
      kv_transfer_latency_ms: 0,
    },
    queues: {
      waiting: scheduler.queuedCount,
      grammar: 0,
      paused: 0,
      retracted: 0,
      ...(sglang.hasGetLoad ? {} : { prealloc_ready: 0 }),
    },
  };
}

/** As Python writes a time with its zone. */
function timestamp(): string {
  return new Date().toISOString().replace("Z", "000+00:00");
}
