import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { FinishReason } from "../scheduling/sequence.ts";

export interface MetaInfoEnd {
  /** null while the generation goes on. */
  readonly finish: FinishReason | null;
  readonly completionTokens: number;
  /** The client gets the first piece of the answer now, or all of it. */
  readonly isSentNow: boolean;
  /** Fields of logprobs, where they were asked for. */
  readonly logprobs: Readonly<Record<string, unknown>>;
}

/** SGLang's `meta_info`, its moments in seconds of the wall clock, its stretches in seconds. */
export function metaInfo(engine: EngineCore, ticket: Ticket, end: MetaInfoEnd): Record<string, unknown> {
  const { scheduled } = ticket;
  const { sequence, cachedTokens } = scheduled;
  const versions = { weight_versions: [{ version: "default", start: 0, end: end.completionTokens }] };
  const isNewer = engine.sglang.tellsTimes;
  return {
    id: sequence.id,
    finish_reason: end.finish,
    prompt_tokens: sequence.promptIds.length,
    weight_version: "default",
    ...(isNewer ? newerTimes(engine, ticket) : olderTimes),
    ...end.logprobs,
    reasoning_tokens: 0,
    completion_tokens: end.completionTokens,
    cached_tokens: cachedTokens,
    ...(isNewer && end.finish !== null ? versions : {}),
    cached_tokens_details: cachedTokens > 0 ? { device: cachedTokens, host: 0 } : null,
    dp_rank: null,
    ...(end.finish === null ? {} : endTimes(engine, ticket, end.completionTokens)),
    ...(end.isSentNow ? { response_sent_to_client_ts: wallSeconds(engine, engine.clockNs()) } : {}),
  };
}

/** What 0.5.10 knows of its stages: nothing. */
const olderTimes = {
  total_retractions: 0,
  queue_time: 0,
  prefill_waiting_latency: null,
  prefill_launch_latency: null,
};

function newerTimes(engine: EngineCore, { scheduled }: Ticket): Record<string, unknown> {
  const { arrivalNs } = scheduled.sequence;
  const startNs = scheduled.prefillStartNs ?? arrivalNs;
  return {
    num_retractions: 0,
    storage_prefetch_wait: 0,
    storage_staging_wait: 0,
    forward_entry_time: wallSeconds(engine, startNs),
    prefill_finished_time: wallSeconds(engine, scheduled.tokenNs[0] ?? startNs),
    queue_time: (startNs - arrivalNs) / 1e9,
  };
}

function endTimes(engine: EngineCore, { scheduled }: Ticket, tokens: number): Record<string, unknown> {
  const { arrivalNs } = scheduled.sequence;
  const nowNs = engine.clockNs();
  const firstNs = scheduled.tokenNs[0] ?? nowNs;
  const decodeSeconds = Math.max((nowNs - firstNs) / 1e9, 1e-9);
  const latency = (nowNs - arrivalNs) / 1e9;
  const common = {
    e2e_latency: latency,
    request_received_ts: wallSeconds(engine, arrivalNs),
    api_server_dispatch_finish_ts: wallSeconds(engine, arrivalNs),
    request_finished_ts: wallSeconds(engine, nowNs),
    decode_throughput: Math.max(0, tokens - 1) / decodeSeconds,
  };
  if (!engine.sglang.tellsTimes) return { ...common, inference_time: latency };
  return { ...common, first_token_latency: (firstNs - arrivalNs) / 1e9 };
}

function wallSeconds(engine: EngineCore, ns: number): number {
  return Date.now() / 1000 - (engine.clockNs() - ns) / 1e9;
}
