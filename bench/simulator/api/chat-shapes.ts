import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";

/** JSON shapes of SGLang's chat answers; null fields are written, as Pydantic does. */
export interface ChatEnvelope {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number } | null;
  readonly reasoning_tokens: number;
}

/** `completionTokens` as produced; the fault `usage-skew` is applied here. */
export function usageOf(engine: EngineCore, ticket: Ticket, completionTokens: number): Usage {
  const { sequence, cachedTokens } = ticket.scheduled;
  const promptTokens = sequence.promptIds.length;
  const completion = completionTokens + engine.faults.usageSkewTokens;
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completion,
    completion_tokens: completion,
    prompt_tokens_details:
      cachedTokens > 0 && engine.options.cacheReport ? { cached_tokens: cachedTokens } : null,
    reasoning_tokens: 0,
  };
}

export interface ToolCallShape {
  readonly id: string | null;
  readonly index: number;
  readonly type: "function";
  readonly function: { readonly name: string | null; readonly arguments: string };
}

export interface ChatDelta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly tool_calls?: readonly ToolCallShape[];
}

export interface ChunkExtras {
  readonly finishReason?: string;
  readonly matchedStop?: number | string | null;
  readonly logprobs?: unknown;
  readonly usage?: Usage | null;
}

export function chatChunk(envelope: ChatEnvelope, delta: ChatDelta, extras: ChunkExtras = {}): unknown {
  return {
    id: envelope.id,
    object: "chat.completion.chunk",
    created: envelope.created,
    model: envelope.model,
    choices: [
      {
        index: 0,
        delta: {
          role: delta.role ?? null,
          content: delta.content ?? null,
          reasoning_content: null,
          tool_calls: delta.tool_calls ?? null,
        },
        logprobs: extras.logprobs ?? null,
        finish_reason: extras.finishReason ?? null,
        matched_stop: extras.matchedStop ?? null,
      },
    ],
    usage: extras.usage ?? null,
  };
}

export function usageChunk(envelope: ChatEnvelope, usage: Usage): unknown {
  const { id, created, model } = envelope;
  return { id, object: "chat.completion.chunk", created, model, choices: [], usage };
}

/** `tool_calls` where a call was generated completely. */
export function finishReasonOf(finish: FinishReason, plan: OutputPlan): string {
  return finish.type === "stop" && plan.complete && plan.reply.call !== null ? "tool_calls" : finish.type;
}

export function matchedStopOf(finish: FinishReason): number | string | null {
  return finish.type === "stop" ? finish.matched : null;
}

/** OpenAI's logprobs of the tokens from position `from` to `to`; they carry no token ids, as in SGLang. */
export function logprobsContent(
  {
    engine,
    ticket,
    plan,
  }: { readonly engine: EngineCore; readonly ticket: Ticket; readonly plan: OutputPlan },
  [from, to]: readonly [number, number],
  topCount: number,
): unknown {
  const entry = (id: number, logprob: number) => {
    const bytes = engine.tokenizer.bytesOf(id);
    return { token: new TextDecoder().decode(bytes), bytes: [...bytes], logprob };
  };
  const content = [...plan.ids.subarray(from, to)].map((id, index) => {
    const position = from + index;
    const top = ticket.logprobs.top(position, id, topCount);
    return {
      ...entry(id, ticket.logprobs.at(position)),
      top_logprobs: top.map((other) => entry(other.id, other.logprob)),
    };
  });
  return { content };
}

/** SGLang's `meta_info`, with its per-request timings in seconds of the wall clock. */
export function metaInfo(
  engine: EngineCore,
  ticket: Ticket,
  end: { readonly finish: FinishReason; readonly completionTokens: number },
): Record<string, unknown> {
  const { sequence, cachedTokens } = ticket.scheduled;
  const nowNs = engine.clockNs();
  const endToEnd = (nowNs - sequence.arrivalNs) / 1e9;
  return {
    id: sequence.id,
    finish_reason: end.finish,
    prompt_tokens: sequence.promptIds.length,
    weight_version: "default",
    total_retractions: 0,
    completion_tokens: end.completionTokens,
    cached_tokens: cachedTokens,
    e2e_latency: endToEnd,
    decode_throughput: end.completionTokens / Math.max(endToEnd, 1e-9),
  };
}
