import type { LoadSample } from "./load.ts";

/** Latencies of one request, milliseconds. null where the answer does not support one. */
export const loadMetrics = {
  /** Sent to the first chunk with generated text, reasoning or a tool call; streamed answers. */
  ttft: ({ streamed, sentNs, firstTokenNs }: LoadSample) => (streamed ? spanMs(sentNs, firstTokenNs) : null),
  /** The same from the time at which the plan wanted it sent: waiting in the client is in it. */
  ttftIntended: ({ streamed, intendedNs, firstTokenNs }: LoadSample) =>
    streamed ? spanMs(intendedNs, firstTokenNs) : null,
  /** Sent to the end of the body. */
  e2e: ({ sentNs, endedNs }: LoadSample) => spanMs(sentNs, endedNs),
  e2eIntended: ({ intendedNs, endedNs }: LoadSample) => spanMs(intendedNs, endedNs),
  /** (last token - first token) / (completion tokens - 1); null below two tokens: chunks are not tokens. */
  itl: ({ streamed, firstTokenNs, lastTokenNs, usage }: LoadSample) => {
    const span = streamed ? spanMs(firstTokenNs, lastTokenNs) : null;
    return span === null || usage === null || usage.completionTokens < 2
      ? null
      : span / (usage.completionTokens - 1);
  },
  /** The four parts that make up e2e. */
  toFirstByte: ({ sentNs, firstByteNs }: LoadSample) => spanMs(sentNs, firstByteNs),
  byteToToken: ({ streamed, firstByteNs, firstTokenNs }: LoadSample) =>
    streamed ? spanMs(firstByteNs, firstTokenNs) : null,
  betweenTokens: ({ streamed, firstTokenNs, lastTokenNs }: LoadSample) =>
    streamed ? spanMs(firstTokenNs, lastTokenNs) : null,
  afterTokens: ({ streamed, lastTokenNs, endedNs }: LoadSample) =>
    streamed ? spanMs(lastTokenNs, endedNs) : null,
  /** Intended to sent: what the client itself added. */
  lateness: ({ intendedNs, sentNs }: LoadSample) => spanMs(intendedNs, sentNs),
} satisfies Readonly<Record<string, (sample: LoadSample) => number | null>>;
export type LoadMetric = keyof typeof loadMetrics;

function spanMs(fromNs: number | null, toNs: number | null): number | null {
  return fromNs === null || toNs === null ? null : (toNs - fromNs) / 1e6;
}

/** Requests that were due while the load was what the plan says: not while users were still beginning or already idle. */
export function steadySamples(
  samples: readonly LoadSample[],
  { startNs, endNs }: { readonly startNs: number; readonly endNs: number },
): readonly LoadSample[] {
  return samples.filter(({ intendedNs }) => intendedNs >= startNs && intendedNs <= endNs);
}
