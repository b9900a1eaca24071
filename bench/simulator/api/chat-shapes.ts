import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";

/** JSON shapes of SGLang's chat answers. */
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
  readonly completion_tokens_details?: null;
}

/** `completionTokens` as produced; the fault `usage-skew` is applied here. */
export function usageOf(engine: EngineCore, ticket: Ticket, completionTokens: number): Usage {
  const { sequence, cachedTokens } = ticket.scheduled;
  const { sglang, options, faults } = engine;
  const promptTokens = sequence.promptIds.length;
  const completion = completionTokens + faults.usageSkewTokens;
  const tellsCached = options.cacheReport && (cachedTokens > 0 || !sglang.writesNulls);
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completion,
    completion_tokens: completion,
    prompt_tokens_details: tellsCached ? { cached_tokens: cachedTokens } : null,
    reasoning_tokens: 0,
    ...(sglang.writesNulls ? {} : { completion_tokens_details: null }),
  };
}

/** Usage in the middle of a stream, which in 0.5.10 does not say what was cached. */
export function continuousUsage(engine: EngineCore, ticket: Ticket, completionTokens: number): Usage {
  const usage = usageOf(engine, ticket, completionTokens);
  return engine.sglang.writesNulls ? { ...usage, prompt_tokens_details: null } : usage;
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

/**
 * Which fields of a chunk are written although they are empty: all; all but those of calls, as 0.5.23 does for what its tool
 * parser lets out; or none.
 */
export type ChunkStyle = "all" | "parsed" | "lean";

export function chatChunk(
  envelope: ChatEnvelope,
  { delta, style }: { readonly delta: ChatDelta; readonly style: ChunkStyle },
  extras: ChunkExtras = {},
): unknown {
  const usage = extras.usage ?? null;
  return {
    id: envelope.id,
    object: "chat.completion.chunk",
    created: envelope.created,
    model: envelope.model,
    choices: [
      {
        index: 0,
        delta: styledDelta(delta, style),
        logprobs: extras.logprobs ?? null,
        finish_reason: extras.finishReason ?? null,
        matched_stop: extras.matchedStop ?? null,
      },
    ],
    ...(style === "lean" && usage === null ? {} : { usage }),
  };
}

function styledDelta(delta: ChatDelta, style: ChunkStyle): unknown {
  if (style === "lean") return { reasoning_content: null, ...delta };
  return {
    role: delta.role ?? null,
    content: delta.content ?? null,
    reasoning_content: null,
    ...(style === "parsed" && delta.tool_calls === undefined ? {} : { tool_calls: delta.tool_calls ?? null }),
  };
}

export function usageChunk(envelope: ChatEnvelope, usage: Usage): unknown {
  const { id, created, model } = envelope;
  return { id, object: "chat.completion.chunk", created, model, choices: [], usage };
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
