import type { RunSegment } from "../evidence/run-segments.ts";
import type { RequestOnItsWay } from "../evidence/seen-requests.ts";
import type { ServerFacts } from "../evidence/server-facts.ts";
import { isAnswered, type TapTiming } from "../evidence/tap-timing.ts";
import { momentsOf } from "../evidence/request-latencies.ts";
import { requestSpans } from "../load/latency.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { attributesOf, spanIdOf, traceIdOf, type TraceSpan, type SpanEvent } from "./span.ts";
import type { SeenToolCall } from "./tool-calls.ts";

/** An episode with everything that was seen of it. */
export interface SeenEpisode {
  readonly in: Pick<RunSegment, "run" | "segment" | "cell">;
  readonly episode: EpisodeRecord;
  /** Of the attempt that counts. */
  readonly requests: readonly RequestOnItsWay[];
  readonly tools: readonly SeenToolCall[];
  readonly servers: Readonly<Partial<Record<"agent" | "user", ServerFacts>>>;
}

/**
 * The trace of an episode by OpenTelemetry's conventions for generative AI: `invoke_agent` over the whole of it, `chat` for each
 * model call with the engine's part of it below, `execute_tool` for each call of a tool. Pure.
 */
export function episodeSpans(seen: SeenEpisode): readonly TraceSpan[] {
  const { episode } = seen;
  const place = placeOf(seen);
  return [
    agentSpan(seen, place),
    ...seen.requests.flatMap((request) => requestSpansOf(seen, request, place)),
    ...seen.tools.map((tool, index) => toolSpan(tool, { ...place, index, episode })),
  ];
}

interface TracePlace {
  readonly traceId: string;
  /** Of the episode's own span. */
  readonly rootId: string;
  readonly attemptKey: string;
  /** Nanoseconds since 1970 of a monotonic stamp. */
  readonly wall: (ns: number) => bigint;
}

function placeOf({ in: { run, segment }, episode }: SeenEpisode): TracePlace {
  const attemptKey = episode.attemptKey ?? `${episode.episodeId}-${episode.segmentId}`;
  const origin = BigInt(Date.parse(segment.at)) * 1_000_000n;
  return {
    traceId: traceIdOf(run.runId, attemptKey),
    rootId: spanIdOf(run.runId, attemptKey, "episode"),
    attemptKey,
    wall: (ns) => origin + BigInt(Math.round(ns - segment.startedNs)),
  };
}

/** Well-known providers are services; an engine of one's own is named by its program. */
function providerOf(server: ServerFacts | undefined): string {
  return server?.engine.name ?? "unknown";
}

const conversation = "gen_ai.conversation.id";

function agentSpan({ in: { cell }, episode, servers }: SeenEpisode, place: TracePlace): TraceSpan {
  const { agent, failure, status } = episode;
  const error = failure === null ? (status === "timed-out" ? "timeout" : null) : failure.class;
  return {
    traceId: place.traceId,
    spanId: place.rootId,
    parentSpanId: null,
    name: `invoke_agent ${agent.name}`,
    kind: "internal",
    startNs: place.wall(episode.startedNs),
    endNs: place.wall(episode.endedNs),
    attributes: attributesOf(
      {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": providerOf(servers.agent),
        "gen_ai.agent.name": agent.name,
        "gen_ai.agent.version": agent.version,
        "gen_ai.request.model": servers.agent?.model,
        [conversation]: episode.episodeId,
        "error.type": error,
        "tollgate.cell.id": episode.cellId,
        "tollgate.segment.id": episode.segmentId,
        "tollgate.arm": episode.arm,
        "tollgate.arm.kind": cell?.armKind,
        "tollgate.load": episode.load,
        "tollgate.domain": episode.domain,
        "tollgate.task.id": episode.taskId,
        "tollgate.status": status,
        "tollgate.termination": episode.termination,
        "tollgate.termination.detail": episode.terminationDetail,
        "tollgate.reward": episode.reward,
        "tollgate.passed": episode.scores?.[0]?.passed,
        "tollgate.labels": episode.labels.length > 0 ? episode.labels : null,
        "tollgate.simulated": episode.simulated,
      },
      {
        "gen_ai.usage.input_tokens": episode.promptTokens,
        "gen_ai.usage.output_tokens": episode.completionTokens,
        "gen_ai.usage.cache_read.input_tokens": episode.cachedTokens,
        "tollgate.repetition": episode.repetition,
        "tollgate.trial": episode.trial,
        "tollgate.requests": episode.requests,
        "tollgate.tool.calls": episode.toolCalls,
        "tollgate.tool.errors": episode.toolErrors,
      },
    ),
    events: [],
    error: error === null ? null : (failure?.message ?? "the episode's time was up"),
  };
}

function requestSpansOf(
  seen: SeenEpisode,
  request: RequestOnItsWay,
  place: TracePlace,
): readonly TraceSpan[] {
  const { at, inner, join } = request;
  const outside = exchangeSpan(seen, at, { ...place, parentId: place.rootId, join: null });
  if (inner === null) return [outside];
  return [outside, exchangeSpan(seen, inner, { ...place, parentId: outside.spanId, join })];
}

function exchangeSpan(
  { in: { run }, episode, servers }: SeenEpisode,
  timing: TapTiming,
  place: TracePlace & { readonly parentId: string; readonly join: RequestOnItsWay["join"] },
): TraceSpan {
  const { hop, requestId, startedNs, usage } = timing;
  const server = hop === "user" ? servers.user : servers.agent;
  const operation = /\/(?:chat\/completions|responses)(?:\?|$)/.test(timing.path)
    ? "chat"
    : "text_completion";
  const ttftNs = requestSpans.ttft(momentsOf(timing));
  const error = errorOf(timing);
  return {
    traceId: place.traceId,
    // A gateway may try again under the same id.
    spanId: spanIdOf(run.runId, place.attemptKey, hop, requestId, String(startedNs)),
    parentSpanId: place.parentId,
    name: server?.model == null ? operation : `${operation} ${server.model}`,
    kind: "client",
    startNs: place.wall(startedNs),
    endNs: place.wall(timing.endedNs),
    attributes: attributesOf(
      {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": providerOf(server),
        "gen_ai.request.model": server?.model,
        "gen_ai.request.stream": timing.streamed,
        "gen_ai.response.finish_reasons": timing.finishReason === null ? null : [timing.finishReason],
        "gen_ai.response.time_to_first_chunk": ttftNs === null ? null : ttftNs / 1e9,
        [conversation]: episode.episodeId,
        "error.type": error?.type,
        "url.path": timing.path.split("?")[0],
        "tollgate.hop": hop,
        "tollgate.arm": timing.arm,
        "tollgate.request.id": requestId,
        "tollgate.join": place.join,
      },
      {
        "gen_ai.usage.input_tokens": usage?.promptTokens,
        "gen_ai.usage.output_tokens": usage?.completionTokens,
        "gen_ai.usage.cache_read.input_tokens": usage?.cachedTokens,
        "http.response.status_code": timing.status,
        "http.request.body.size": timing.requestBytes,
        "http.response.body.size": timing.responseBytes,
      },
    ),
    events: eventsOf(timing, place.wall),
    error: error?.message ?? null,
  };
}

function eventsOf(timing: TapTiming, wall: TracePlace["wall"]): readonly SpanEvent[] {
  const moments = [
    ["tollgate.request_sent", timing.requestEndNs],
    ["tollgate.first_byte", timing.firstByteNs],
    ["tollgate.first_token", timing.firstTokenNs],
    ["tollgate.last_token", timing.lastTokenNs],
  ] as const;
  return moments.flatMap(([name, ns]) => (ns === null ? [] : [{ name, atNs: wall(ns) }]));
}

function errorOf(timing: TapTiming): { readonly type: string; readonly message: string } | null {
  if (isAnswered(timing)) return null;
  const { status, outcome, error, incomplete } = timing;
  if (outcome !== "completed") return { type: outcome, message: error ?? outcome };
  if (status !== 200) return { type: String(status), message: error ?? `status ${status}` };
  return { type: "incomplete_answer", message: `the answer ${incomplete ?? "is not complete"}` };
}

function toolSpan(
  tool: SeenToolCall,
  { index, episode, ...place }: TracePlace & { readonly index: number; readonly episode: EpisodeRecord },
): TraceSpan {
  const failed = tool.error === true;
  return {
    traceId: place.traceId,
    spanId: spanIdOf(place.traceId, "tool", String(index)),
    parentSpanId: place.rootId,
    name: tool.name === undefined ? "execute_tool" : `execute_tool ${tool.name}`,
    kind: "internal",
    startNs: place.wall(tool.receivedNs),
    endNs: place.wall(tool.endedNs),
    attributes: attributesOf({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool.name,
      "gen_ai.tool.call.id": tool.toolCallId,
      "gen_ai.tool.type": "function",
      [conversation]: episode.episodeId,
      "error.type": failed ? "tool_error" : null,
      "tollgate.tool.requestor": tool.requestor,
    }),
    events:
      tool.startedNs === undefined
        ? []
        : [{ name: "tollgate.tool_started", atNs: place.wall(tool.startedNs) }],
    error: failed ? "the tool answered with an error" : null,
  };
}
