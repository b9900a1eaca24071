import { interTokenMs, requestSpans, type RequestMoments } from "../load/latency.ts";
import { isAnswered, type TapTiming } from "./tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

/** Definitions of the three latencies at a tap, printed beside them. */
export const latencyDefinitions = {
  ttft: "outer tap, request head received to the first chunk with generated text, reasoning or a tool call; streamed requests",
  itl: "outer tap, (last token - first token) / (completion tokens - 1), one value per streamed request whose tokens came in more than one chunk",
  e2e: "outer tap, request head received to the end of the answer: [DONE], else the end of the response body (older runs: always that)",
} as const;

/** Latencies of one request at a tap, milliseconds; null where the answer does not support one. */
export const tapLatencies = {
  ttft: (timing: TapTiming) => {
    const ns = requestSpans.ttft(momentsOf(timing));
    return ns === null ? null : ns / 1e6;
  },
  itl: (timing: TapTiming) => interTokenMs(momentsOf(timing)),
  e2e: ({ startedNs, endedNs }: TapTiming) => (endedNs - startedNs) / 1e6,
} as const;

/** What a tap saw of a request, in the words of a client: it "sent" the request when the tap received its head. */
export function momentsOf(timing: TapTiming): RequestMoments {
  const { streamed, startedNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs, usage } = timing;
  return { streamed, sentNs: startedNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs, usage };
}

/** Milliseconds, a value per request that has it. */
export type RequestLatencies = Readonly<Record<keyof typeof tapLatencies, readonly number[]>>;

/** Latencies of the answered generations at the outer tap by episode id; requests without one are left out. */
export function requestLatencies(timings: readonly TapTiming[]): ReadonlyMap<string, RequestLatencies> {
  const answered = timings.filter(
    (timing) => timing.hop === "outer" && isGenerationRequest(timing) && isAnswered(timing),
  );
  const groups = Map.groupBy(answered, ({ episodeId }) => episodeId);
  return new Map(
    [...groups].flatMap(([episodeId, members]) => {
      if (episodeId === null) return [];
      const known = (of: (timing: TapTiming) => number | null) =>
        members.flatMap((timing) => of(timing) ?? []);
      const { ttft, itl, e2e } = tapLatencies;
      return [[episodeId, { ttft: known(ttft), itl: known(itl), e2e: known(e2e) }] as const];
    }),
  );
}
