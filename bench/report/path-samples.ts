import { isAnswered, isGeneration, type TapTiming } from "./tap-timing.ts";

/** What lies between the outer and the inner tap, for one request: milliseconds at the outer tap minus those at the inner. */
export interface PathSample {
  readonly episodeId: string;
  readonly wholeMs: number;
  /** Until the first byte of the answer's head. */
  readonly firstByteMs: number | null;
  /** Until the first generated token; null where one of the hops did not stream. */
  readonly firstTokenMs: number | null;
}

export interface JoinedPath {
  readonly samples: readonly PathSample[];
  /** Answered generation requests of episodes at the outer tap: what could have been joined. */
  readonly requests: number;
  /** No request with the same id at the inner tap. */
  readonly unmatched: number;
  /** More than one: the gateway tried again, so the difference would hold a whole model call. */
  readonly retried: number;
}

/** Joins the two hops of one arm by request id. */
export function joinPath(timings: readonly TapTiming[]): JoinedPath {
  const answered = timings.filter((timing) => isGeneration(timing) && isAnswered(timing));
  const inner = Map.groupBy(
    timings.filter((timing) => timing.hop === "inner" && isGeneration(timing)),
    ({ requestId }) => requestId,
  );
  const outer = answered.filter(({ hop, episodeId }) => hop === "outer" && episodeId !== null);
  const joined = outer.map((timing) => ({ timing, inner: inner.get(timing.requestId) ?? [] }));
  return {
    requests: outer.length,
    unmatched: joined.filter(({ inner }) => inner.length === 0).length,
    retried: joined.filter(({ inner }) => inner.length > 1).length,
    samples: joined.flatMap(({ timing, inner: [only, ...more] }) =>
      only === undefined || more.length > 0 || !isAnswered(only) ? [] : [sampleOf(timing, only)],
    ),
  };
}

function sampleOf(outer: TapTiming, inner: TapTiming): PathSample {
  return {
    episodeId: outer.episodeId ?? "",
    wholeMs: (outer.endedNs - outer.startedNs - (inner.endedNs - inner.startedNs)) / 1e6,
    firstByteMs: differenceMs(since(outer, outer.firstByteNs), since(inner, inner.firstByteNs)),
    firstTokenMs:
      outer.streamed && inner.streamed
        ? differenceMs(since(outer, outer.firstTokenNs), since(inner, inner.firstTokenNs))
        : null,
  };
}

function since(timing: TapTiming, atNs: number | null): number | null {
  return atNs === null ? null : atNs - timing.startedNs;
}

function differenceMs(outerNs: number | null, innerNs: number | null): number | null {
  return outerNs === null || innerNs === null ? null : (outerNs - innerNs) / 1e6;
}
