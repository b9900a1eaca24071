import type { EngineCore } from "../engine/engine.ts";
import { poolTokens } from "../settings/options.ts";
import type { HttpExchange } from "./generation.ts";
import { sendJson } from "./http.ts";

/** Tokens that SGLang keeps free of a context when it says how long a prompt may be. */
const inputReserve = 6;

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
  const common = {
    tokenizer_path: "bench/simulator/model",
    is_generation: true,
    preferred_sampling_params: null,
    weight_version: "default",
    has_image_understanding: false,
    has_audio_understanding: false,
    model_type: "simulator",
    architectures: ["Simulator"],
    simulator: true,
  };
  const newer = {
    served_model_name: model,
    load_format: "auto",
    reasoning_parser: null,
    tool_call_parser: "qwen",
    disaggregation_mode: "null",
  };
  sendJson(response, 200, {
    model_path: model,
    ...common,
    ...(engine.sglang.version === "0.5.23" ? newer : {}),
  });
}

/** Arguments of the server that mean something here, and its state. What no flag set is null, as in the original. */
export function serverInfo({ engine, request, response }: HttpExchange): void {
  const { options } = engine;
  const settings = { ...serverArguments(engine), port: request.socket.localPort, ...engine.serverInfo };
  sendJson(response, 200, {
    ...settings,
    simulator: true,
    pid: engine.pid,
    start_id: engine.startId,
    simulator_options: options,
    simulator_timing: timingOf(engine),
    status: "ready",
    max_total_num_tokens: poolTokens,
    max_req_input_len: options.contextLength - inputReserve,
    internal_states: [
      {
        ...settings,
        last_gen_throughput: engine.metrics.scheduler.throughput,
        memory_usage: { weight: 0, kvcache: 0, token_capacity: poolTokens, graph: 0 },
        effective_max_running_requests_per_dp: options.maxRunningRequests,
      },
    ],
    version: `${engine.sglang.version}-simulator`,
  });
}

function timingOf({ scheduler: { timing } }: EngineCore): Record<string, number> {
  return { late_ms_max: timing.lateMsMax, stalled_ms: timing.stalledMs };
}

function serverArguments({ options }: EngineCore): Record<string, unknown> {
  const given = (flag: string, value: number) => (options.given.includes(flag) ? value : null);
  return {
    model_path: options.model,
    tokenizer_path: options.model,
    served_model_name: options.model,
    host: options.host,
    context_length: given("context-length", options.contextLength),
    max_running_requests: given("max-running-requests", options.maxRunningRequests),
    chunked_prefill_size: 8192,
    disable_radix_cache: !options.radixCache,
    enable_metrics: options.metrics,
    enable_cache_report: options.cacheReport,
    stream_interval: 1,
    decode_log_interval: 40,
    tool_call_parser: "qwen",
    reasoning_parser: null,
    weight_version: "default",
    tp_size: 1,
    dp_size: 1,
    random_seed: options.seed,
  };
}
