import type { EngineProfile } from "./profile.ts";

/** llama.cpp's server (`--metrics`): no latency histograms, no request counter, prompt tokens without cached ones. */
export const llamaCppProfile: EngineProfile = {
  engine: "llama.cpp",
  prefix: "llamacpp:",
  metricsPath: "/metrics",
  promptTotalIncludesCached: false,
  rankLabels: [],
  counters: {
    promptTokens: { names: ["llamacpp:prompt_tokens_total"] },
    cachedTokens: { names: ["llamacpp:prompt_tokens_cached_total"] },
    generationTokens: { names: ["llamacpp:tokens_predicted_total"] },
    requests: null,
    aborted: null,
    retractions: null,
  },
  histograms: { timeToFirstToken: [], interTokenLatency: [], endToEnd: [], queueTime: [] },
  gauges: {
    running: ["llamacpp:requests_processing"],
    queued: ["llamacpp:requests_deferred"],
  },
  // Only older versions say it.
  shares: { kvUsage: ["llamacpp:kv_cache_usage_ratio"] },
};
