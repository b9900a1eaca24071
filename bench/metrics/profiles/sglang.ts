import type { EngineProfile } from "./profile.ts";

/** On pages of 0.5.10 (a count per request) and of 0.5.23 (tokens of the pool): whoever has one has the counters, too. */
const sinceCountersCame = ["sglang:num_retractions", "sglang:kv_used_tokens"];

/**
 * SGLang 0.5: token and request counters live in the API process, one series per server, and move when a request
 * finishes. Scheduler metrics carry ranks; retraction counters are printed by every rank with the same value.
 */
export const sglangProfile: EngineProfile = {
  engine: "sglang",
  prefix: "sglang:",
  metricsPath: "/metrics",
  promptTotalIncludesCached: true,
  rankLabels: ["tp_rank", "pp_rank", "moe_ep_rank", "attn_cp_rank", "moe_dp_rank"],
  counters: {
    promptTokens: { names: ["sglang:prompt_tokens_total"] },
    cachedTokens: {
      names: ["sglang:cached_tokens_total"],
      totalOf: { label: "cache_source", value: "total" },
    },
    generationTokens: { names: ["sglang:generation_tokens_total"] },
    requests: { names: ["sglang:num_requests_total"] },
    aborted: { names: ["sglang:num_aborted_requests_total"], zeroBeside: sinceCountersCame },
    retractions: { names: ["sglang:num_retracted_requests_total"], zeroBeside: sinceCountersCame },
  },
  histograms: {
    timeToFirstToken: ["sglang:time_to_first_token_seconds"],
    interTokenLatency: ["sglang:inter_token_latency_seconds", "sglang:time_per_output_token_seconds"],
    endToEnd: ["sglang:e2e_request_latency_seconds"],
    queueTime: ["sglang:queue_time_seconds"],
  },
  gauges: {
    running: ["sglang:num_running_reqs"],
    queued: ["sglang:num_queue_reqs"],
  },
  // The fullest pool of the server.
  shares: { kvUsage: ["sglang:token_usage"] },
};
