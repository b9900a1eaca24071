import type { StreamingKind } from "../store/preflight-record.ts";
import { requestSpans } from "../load/latency.ts";
import { endpointOf } from "./inner-endpoint.ts";
import { joinHops, joinMethods, type HopJoin, type HopPair, type JoinMethod } from "./hop-join.ts";
import { momentsOf } from "./request-latencies.ts";
import type { TapTiming } from "./tap-timing.ts";
import { atOnceShare, spreadShare, tellingTokens, tokenSpread } from "./token-spread.ts";

/**
 * What lies between the outer and the inner tap, for one request: milliseconds at the outer tap minus those at the
 * inner. The whole is the sum of its four parts where all are known.
 */
export interface PathSample {
  readonly episodeId: string;
  readonly promptTokens: number | null;
  readonly wholeMs: number;
  /** Until the first byte of the answer's head. */
  readonly firstByteMs: number | null;
  /** Until the first generated token; null where one of the hops did not stream. */
  readonly firstTokenMs: number | null;
  /** From the first byte to the first token. */
  readonly byteToTokenMs: number | null;
  /** From the first token to the last. */
  readonly betweenTokensMs: number | null;
  /** From the last token to the end of the body. */
  readonly afterTokensMs: number | null;
}

export interface JoinedPath {
  readonly samples: readonly PathSample[];
  /** Answered generation requests of episodes at the outer tap: what could have been joined. */
  readonly requests: number;
  /** No request at the inner tap that is known to be the same. */
  readonly unmatched: number;
  /** More than one: the gateway tried again, so the difference would hold a whole model call. */
  readonly retried: number;
  /** Samples by how they were joined. */
  readonly methods: Readonly<Record<JoinMethod, number>>;
  /** Over all requests, also those that were not joined; or why it cannot be known. */
  readonly mean: HopJoin["mean"];
  /** What of the engine's API the joined requests asked at the inner tap, each once. */
  readonly endpoints: readonly string[];
  /** Joined requests of which the agent asked for a stream, and the arm the engine for a whole answer. */
  readonly unstreamed: number;
  /** null: no streamed answer was long enough to tell. */
  readonly streaming: StreamingKind | null;
}

/** Joins the two hops of one arm. */
export function joinPath(timings: readonly TapTiming[]): JoinedPath {
  const { pairs, requests, unmatched, retried, mean } = joinHops(timings);
  const count = (method: JoinMethod) => pairs.filter((pair) => pair.method === method).length;
  const methods = Object.fromEntries(joinMethods.map((method) => [method, count(method)]));
  return {
    samples: pairs.map(sampleOf),
    requests,
    unmatched,
    retried,
    methods: methods as Record<JoinMethod, number>,
    mean,
    endpoints: [...new Set(pairs.map(({ inner }) => endpointOf(inner)))],
    unstreamed: pairs.filter(({ outer, inner }) => outer.streamed && !inner.streamed).length,
    streaming: streamingOf(pairs),
  };
}

function sampleOf({ outer, inner }: HopPair): PathSample {
  const moments = { outer: momentsOf(outer), inner: momentsOf(inner) };
  const part = (span: (typeof requestSpans)[keyof typeof requestSpans]) => {
    const [before, after] = [span(moments.outer), span(moments.inner)];
    return before === null || after === null ? null : (before - after) / 1e6;
  };
  return {
    episodeId: outer.episodeId ?? "",
    promptTokens: inner.usage?.promptTokens ?? outer.usage?.promptTokens ?? null,
    wholeMs: (outer.endedNs - outer.startedNs - (inner.endedNs - inner.startedNs)) / 1e6,
    firstByteMs: part(requestSpans.toFirstByte),
    firstTokenMs: part(requestSpans.ttft),
    byteToTokenMs: part(requestSpans.byteToToken),
    betweenTokensMs: part(requestSpans.betweenTokens),
    afterTokensMs: part(requestSpans.afterTokens),
  };
}

/** Judged by answers whose tokens left the engine one by one, or all together because it was not asked to stream. */
export function streamingOf(pairs: readonly Pick<HopPair, "outer" | "inner">[]): StreamingKind | null {
  const telling = pairs.filter(
    ({ outer, inner }) =>
      outer.streamed &&
      (outer.usage?.completionTokens ?? 0) >= tellingTokens &&
      (!inner.streamed || (tokenSpread([momentsOf(inner)]) ?? 0) > spreadShare),
  );
  const outer = tokenSpread(telling.map(({ outer }) => momentsOf(outer)));
  if (outer === null) return null;
  return outer < atOnceShare ? "simulated" : "real";
}
