import { joinHops, type JoinMethod } from "./hop-join.ts";
import type { TapTiming } from "./tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

/** A generation request as everything on its way saw it. */
export interface RequestOnItsWay {
  /** At the outer tap or the user's; at the inner tap where it is not known for which request of the agent it was made. */
  readonly at: TapTiming;
  /** The same request between gateway and engine; null where that was not seen, or is not known to be the same. */
  readonly inner: TapTiming | null;
  /** How it is known; null without `inner`. */
  readonly join: JoinMethod | null;
}

/** Every generation request of a segment, in order of start. Each exchange is in one of them, and in one only. Pure. */
export function seenRequests(timings: readonly TapTiming[]): readonly RequestOnItsWay[] {
  const { pairs } = joinHops(timings);
  const partners = new Map(pairs.map((pair) => [pair.outer, pair] as const));
  const joined = new Set(pairs.map(({ inner }) => inner));
  return timings
    .filter((timing) => isGenerationRequest(timing) && !joined.has(timing))
    .map((at) => {
      const pair = partners.get(at);
      return { at, inner: pair?.inner ?? null, join: pair?.method ?? null };
    })
    .sort((a, b) => a.at.startedNs - b.at.startedNs);
}
