import type { LoadSample } from "./load.ts";

/** The moments of one request at one place, monotonic nanoseconds; null: not seen. */
export type RequestMoments = Pick<
  LoadSample,
  "streamed" | "sentNs" | "firstByteNs" | "firstTokenNs" | "lastTokenNs" | "endedNs" | "usage"
>;

type Span = (moments: RequestMoments) => number | null;

/** The one definition of each span of a request, nanoseconds, at a client as at a tap; null where the answer has none. */
export const requestSpans = {
  /** Sent to the first chunk with generated text, reasoning or a tool call; streamed answers. */
  ttft: ({ streamed, sentNs, firstTokenNs }) => (streamed ? spanNs(sentNs, firstTokenNs) : null),
  /** Sent to the end of the body. */
  e2e: ({ sentNs, endedNs }) => spanNs(sentNs, endedNs),
  /** The four parts that make up e2e. */
  toFirstByte: ({ sentNs, firstByteNs }) => spanNs(sentNs, firstByteNs),
  byteToToken: ({ streamed, firstByteNs, firstTokenNs }) =>
    streamed ? spanNs(firstByteNs, firstTokenNs) : null,
  betweenTokens: ({ streamed, firstTokenNs, lastTokenNs }) =>
    streamed ? spanNs(firstTokenNs, lastTokenNs) : null,
  afterTokens: ({ streamed, lastTokenNs, endedNs }) => (streamed ? spanNs(lastTokenNs, endedNs) : null),
} satisfies Readonly<Record<string, Span>>;

/**
 * (last token - first token) / (completion tokens - 1), milliseconds; null below two tokens: chunks are not tokens. null, too,
 * where all tokens came at once: a parser that holds a call back hides when its tokens were made.
 */
export function interTokenMs(moments: RequestMoments): number | null {
  const [span, tokens] = [requestSpans.betweenTokens(moments), moments.usage?.completionTokens ?? 0];
  return span === null || tokens < 2 || cameAtOnce(moments) ? null : span / 1e6 / (tokens - 1);
}

/** Several tokens of a stream, all in one chunk. */
export function cameAtOnce({ streamed, firstTokenNs, lastTokenNs, usage }: RequestMoments): boolean {
  return (
    streamed && firstTokenNs !== null && firstTokenNs === lastTokenNs && (usage?.completionTokens ?? 0) > 1
  );
}

/** Latencies of one request of a load, milliseconds; null where the answer does not support one. */
export const loadMetrics = {
  ttft: inMs(requestSpans.ttft),
  /** The same from the time at which the plan wanted it sent: waiting in the client is in it. */
  ttftIntended: (sample) => inMs(requestSpans.ttft)({ ...sample, sentNs: sample.intendedNs }),
  e2e: inMs(requestSpans.e2e),
  e2eIntended: ({ intendedNs, endedNs }) => (endedNs - intendedNs) / 1e6,
  itl: interTokenMs,
  toFirstByte: inMs(requestSpans.toFirstByte),
  byteToToken: inMs(requestSpans.byteToToken),
  betweenTokens: inMs(requestSpans.betweenTokens),
  afterTokens: inMs(requestSpans.afterTokens),
  /** Intended to sent: what the client itself added. */
  lateness: ({ intendedNs, sentNs }) => (sentNs === null ? null : (sentNs - intendedNs) / 1e6),
} satisfies Readonly<Record<string, (sample: LoadSample) => number | null>>;
export type LoadMetric = keyof typeof loadMetrics;

function inMs(span: Span): Span {
  return (moments) => {
    const ns = span(moments);
    return ns === null ? null : ns / 1e6;
  };
}

function spanNs(fromNs: number | null, toNs: number | null): number | null {
  return fromNs === null || toNs === null ? null : toNs - fromNs;
}

/** Requests that were due while the load was what the plan says: not while users were still beginning or already idle. */
export function steadySamples(
  samples: readonly LoadSample[],
  { startNs, endNs }: { readonly startNs: number; readonly endNs: number },
): readonly LoadSample[] {
  return samples.filter(({ intendedNs }) => intendedNs >= startNs && intendedNs <= endNs);
}
