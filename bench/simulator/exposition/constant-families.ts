import type { SeriesLabels } from "./exposition.ts";

/** A family of SGLang's page whose value cannot change here: there are no GPUs, drafts, other ranks or memory of other kinds. */
export interface ConstantFamily {
  readonly name: string;
  readonly help: string;
  /** The one version that has it, or has it with this text. */
  readonly only?: "0.5.10" | "0.5.23";
  readonly type?: "counter" | "histogram";
  /** Those of the scheduler's rank where nothing is said. */
  readonly labels?: "server" | "none";
  /** Labels besides; one series for each. */
  readonly series?: readonly SeriesLabels[];
  readonly bounds?: readonly number[];
  /** 0 where nothing is said. */
  readonly value?: number;
}

function each(label: string, values: string): readonly SeriesLabels[] {
  return values.split(" ").map((value) => ({ [label]: value }));
}

const graphPhases = each("phase", "prefill decode target_verify draft_prefill draft_decode draft_extend");
const keyBounds = "0 1 2 3 5 7 10 20 50 100 200 +Inf".split(" ");
const routingKeys = keyBounds.slice(1).map((le, index) => ({ gt: keyBounds[index] ?? "", le }));

export const constantFamilies: readonly ConstantFamily[] = [
  { name: "routing_keys_active", help: "Number of unique routing keys with active requests", labels: "none" },
  {
    name: "pending_prealloc_token_usage",
    help: "The token usage for pending preallocated tokens (not preallocated yet).",
  },
  { name: "swa_token_usage", help: "The token usage for SWA layers." },
  { name: "mamba_usage", help: "The token usage for Mamba layers." },
  { name: "num_grammar_queue_reqs", help: "The number of requests in the grammar waiting queue." },
  {
    name: "num_running_reqs_offline_batch",
    help: "The number of running low-priority offline batch requests(label is 'batch').",
    only: "0.5.10",
  },
  {
    name: "spec_accept_length",
    help: "The average acceptance length of speculative decoding.",
    only: "0.5.10",
  },
  {
    name: "spec_accept_length",
    help: "Mean acceptance length of speculative decoding (accepted drafts + bonus token per forward).",
    only: "0.5.23",
  },
  {
    name: "spec_accept_rate",
    help: "The average acceptance rate of speculative decoding (`accepted tokens / total draft tokens` in batch).",
    only: "0.5.10",
  },
  {
    name: "spec_accept_rate",
    help: "Speculative acceptance rate (`accepted drafts / proposed drafts` in batch).",
    only: "0.5.23",
  },
  {
    name: "num_prefill_prealloc_queue_reqs",
    help: "The number of requests in the prefill prealloc queue.",
    only: "0.5.10",
  },
  { name: "num_prefill_inflight_queue_reqs", help: "The number of requests in the prefill inflight queue." },
  { name: "num_decode_prealloc_queue_reqs", help: "The number of requests in the decode prealloc queue." },
  { name: "num_decode_transfer_queue_reqs", help: "The number of requests in the decode transfer queue." },
  { name: "utilization", help: "The utilization." },
  { name: "engine_startup_time", help: "The time taken for the engine to start up.", only: "0.5.10" },
  {
    name: "engine_load_weights_time",
    help: "The time taken for the engine to load weights.",
    only: "0.5.10",
  },
  { name: "new_token_ratio", help: "The new token ratio.", value: 0.7 },
  { name: "is_cuda_graph", help: "Whether the batch is using CUDA graph." },
  { name: "num_unique_running_routing_keys", help: "Number of unique routing keys in running batch." },
  {
    name: "routing_key_running_req_count",
    help: "Distribution of routing keys by running request count (gt < count <= le).",
    series: routingKeys,
  },
  {
    name: "routing_key_all_req_count",
    help: "Distribution of routing keys by running+waiting request count (gt < count <= le).",
    series: routingKeys,
  },
  {
    name: "startup_time_seconds",
    help: "Engine startup duration by phase in seconds.",
    only: "0.5.23",
    labels: "server",
    series: each("phase", "load_weight kv_cache_allocation scheduler_e2e tokenizer_e2e"),
  },
  {
    name: "startup_cuda_graph_time_seconds",
    help: "CUDA graph capture duration by phase in seconds.",
    only: "0.5.23",
    labels: "server",
    series: graphPhases,
  },
  {
    name: "dp_attention_token_imbalance_ratio",
    help: "Per MLP-sync step, max tokens over mean tokens across the DP ranks (1.0 = balanced, num_dp_ranks = one busy rank). Reported once per engine, by the scheduler of DP rank 0.",
    only: "0.5.23",
    type: "histogram",
    bounds: [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20, 30, 45, 60],
  },
  {
    name: "dp_attention_sync_wait_seconds",
    help: "Wall time of this DP rank's scheduler MLP-sync all-gather per step. On the gloo path (the default with overlap scheduling) this is waiting for the slowest rank; on the device-group paths it also includes the gather's stream sync.",
    only: "0.5.23",
    type: "histogram",
    bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  { name: "weight_memory_usage_gb", help: "Memory used by model weights in GB.", only: "0.5.23" },
  { name: "kv_cache_memory_usage_gb", help: "Memory used by the KV cache pools in GB.", only: "0.5.23" },
  {
    name: "graph_memory_usage_gb",
    help: "Memory used by captured device graphs in GB.",
    only: "0.5.23",
    series: graphPhases,
  },
  { name: "page_size", help: "KV cache page size in tokens.", only: "0.5.23", value: 1 },
  { name: "startup_available_gpu_memory_gb", help: "Available GPU memory in GB at startup.", only: "0.5.23" },
  {
    name: "swa_available_tokens",
    help: "Number of free token slots in the SWA pool (hybrid-SWA only).",
    only: "0.5.23",
  },
  {
    name: "swa_evictable_tokens",
    help: "Number of evictable (radix-cached) token slots in the SWA pool.",
    only: "0.5.23",
  },
  { name: "swa_used_tokens", help: "Number of actively used token slots in the SWA pool.", only: "0.5.23" },
  {
    name: "mamba_available_tokens",
    help: "Number of free state slots in the mamba SSM pool (hybrid-SSM only).",
    only: "0.5.23",
  },
  {
    name: "mamba_evictable_tokens",
    help: "Number of evictable (radix-cached) state slots in the mamba SSM pool.",
    only: "0.5.23",
  },
  {
    name: "mamba_used_tokens",
    help: "Number of actively used state slots in the mamba SSM pool.",
    only: "0.5.23",
  },
  {
    name: "spec_cap_length",
    help: "Mean DSpark confidence-scheduled verify window per verify step, incl the bonus slot (0 when no cap is scheduled).",
    only: "0.5.23",
  },
  {
    name: "spec_block_accept_length",
    help: "Mean uncapped full-block accept length per verify step (accept + cap-trimmed drafts; exact only in DSpark cap-accept mode).",
    only: "0.5.23",
  },
  { name: "spec_num_steps", help: "Currently active speculative_num_steps.", only: "0.5.23" },
  {
    name: "spec_num_draft_tokens",
    help: "Currently active speculative_num_draft_tokens (decouples from steps under topk>1).",
    only: "0.5.23",
  },
  {
    name: "num_prefill_bootstrap_queue_reqs",
    help: "The number of requests in the prefill bootstrap queue.",
    only: "0.5.23",
  },
  {
    name: "num_decode_host_receive_queue_reqs",
    help: "Requests in the decode transfer queue receiving into host memory or waiting for device admission.",
    only: "0.5.23",
  },
  {
    name: "num_decode_deferred_kv_release_reqs",
    help: "The number of failed decode requests whose KV allocations are held pending transfer drain acknowledgement or timeout.",
    only: "0.5.23",
  },
  {
    name: "prealloc_full_token_usage",
    help: "Share of the full-attention KV pool held by decode requests whose KV transfer is pending (preallocated, not yet running); same capacity basis as sglang:full_token_usage.",
    only: "0.5.23",
  },
  {
    name: "prealloc_swa_token_usage",
    help: "Share of the SWA KV pool held by decode requests whose KV transfer is pending; same capacity basis as sglang:swa_token_usage.",
    only: "0.5.23",
  },
  {
    name: "fwd_occupancy",
    help: "Forward pass GPU occupancy percentage.",
    only: "0.5.23",
    value: Number.NaN,
  },
  {
    name: "dp_attention_tokens_total",
    help: "Tokens of MLP-sync steps on this DP rank. kind=scheduled: tokens this rank ran; kind=imbalance: tokens the busiest rank ran beyond this rank, i.e. capacity lost to DP imbalance on this rank. On speculative-decode steps the unit is batch rows (requests).",
    only: "0.5.23",
    type: "counter",
    series: each("kind", "scheduled imbalance"),
  },
  {
    name: "dp_attention_steps_total",
    help: "MLP-sync steps on this DP rank. rank_state=idle: this rank had no tokens and only ran to keep the DP collectives in lockstep.",
    only: "0.5.23",
    type: "counter",
    series: each("rank_state", "active idle"),
  },
  {
    name: "dp_attention_pairs_total",
    help: "Causal (query, key) pairs attended by MLP-sync steps on this DP rank, pricing every layer as full attention: a decode row reads its sequence, a prefill chunk its prefix plus the pairs within the chunk. kind=scheduled: this rank; kind=imbalance: the busiest rank's excess over this rank. The context-length counterpart of sglang:dp_attention_tokens_total; like it, speculative-decode steps count one query per row. Sliding-window layers execute fewer pairs than counted, so on hybrid-SWA models long rows are overstated.",
    only: "0.5.23",
    type: "counter",
    series: each("kind", "scheduled imbalance"),
  },
];
