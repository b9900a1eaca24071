import type { EngineProfile } from "./profile.ts";

/** vLLM: counters exist with and without `_total` depending on the version; `engine` numbers data-parallel engines. */
export const vllmProfile: EngineProfile = {
  engine: "vllm",
  prefix: "vllm:",
  metricsPath: "/metrics",
  promptTotalIncludesCached: true,
  rankLabels: [],
  counters: {
    promptTokens: { names: ["vllm:prompt_tokens_total", "vllm:prompt_tokens"] },
    cachedTokens: {
      names: ["vllm:prompt_tokens_cached_total", "vllm:prefix_cache_hits_total", "vllm:prefix_cache_hits"],
    },
    generationTokens: { names: ["vllm:generation_tokens_total", "vllm:generation_tokens"] },
    requests: { names: ["vllm:request_success_total", "vllm:request_success"] },
    aborted: {
      names: ["vllm:request_success_total", "vllm:request_success"],
      where: { finished_reason: "abort" },
    },
    retractions: { names: ["vllm:num_preemptions_total", "vllm:num_preemptions"] },
  },
  histograms: {
    timeToFirstToken: ["vllm:time_to_first_token_seconds"],
    interTokenLatency: ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"],
    endToEnd: ["vllm:e2e_request_latency_seconds"],
    queueTime: ["vllm:request_queue_time_seconds"],
  },
  gauges: {
    running: ["vllm:num_requests_running"],
    queued: ["vllm:num_requests_waiting"],
  },
  shares: { kvUsage: ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"] },
};
