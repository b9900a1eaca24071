import type { TapListenerTotals } from "../tap/control.ts";
import type { EngineDelta } from "./engine-delta.ts";

/** Three independent counts of the same tokens. null where one could not be taken. */
export interface CountedTokens {
  /** Between agent and arm. */
  readonly outer: TapListenerTotals | null;
  /** Between gateway and engine. */
  readonly inner: TapListenerTotals | null;
  /** The engine's own counters over the same interval, drained before and after. */
  readonly engine: EngineDelta | null;
}

export interface Reconciliation {
  /**
   * `exact`: prompt and completion tokens are equal at all three places and every reply stated its usage.
   * `mismatch`: two places that could be compared differ, or replies came without usage.
   * `unavailable`: nothing differs, but a count is missing.
   */
  readonly verdict: "exact" | "mismatch" | "unavailable";
  /** Sentences for the table: what differs and by how much, what is missing, what else was noticed. */
  readonly details: readonly string[];
}

/** Compares the counts. Requests and cached tokens are compared too, but only mentioned: engines define them differently. */
export function reconcile(counts: CountedTokens): Reconciliation {
  const { outer, inner, engine } = counts;
  const missing = missingCounts(counts);
  const differences = [
    ...differencesOf(
      "prompt tokens",
      pointsOf([outer?.promptTokens, inner?.promptTokens, engine?.prompt_tokens]),
    ),
    ...differencesOf(
      "completion tokens",
      pointsOf([outer?.completionTokens, inner?.completionTokens, engine?.generation_tokens]),
    ),
    ...repliesWithoutUsage("outer tap", outer),
    ...repliesWithoutUsage("inner tap", inner),
  ];
  const verdict = differences.length > 0 ? "mismatch" : missing.length > 0 ? "unavailable" : "exact";
  return { verdict, details: [...differences, ...missing, ...remarks(counts)] };
}

interface Point {
  readonly place: string;
  readonly count: number;
}

/** Counts on the way to the engine, in that order, without the places where there is none. */
function pointsOf(counts: readonly (number | null | undefined)[]): readonly Point[] {
  return ["outer tap", "inner tap", "engine counter"].flatMap((place, index) => {
    const count = counts[index];
    return count == null ? [] : [{ place, count }];
  });
}

/** Each place against the one before it on the way to the engine. */
function differencesOf(what: string, points: readonly Point[]): readonly string[] {
  return points.flatMap((point, index) => {
    const previous = points[index - 1];
    if (previous === undefined || previous.count === point.count) return [];
    const by = Math.abs(point.count - previous.count);
    const more = point.count > previous.count ? point.place : previous.place;
    return [
      `${what}: ${previous.place} ${previous.count}, ${point.place} ${point.count}; ${by} more at the ${more}`,
    ];
  });
}

function repliesWithoutUsage(place: string, totals: TapListenerTotals | null): readonly string[] {
  if (totals === null || totals.withoutUsage === 0) return [];
  const { withoutUsage, generations } = totals;
  return [
    `${place}: ${withoutUsage} of ${generations} requests answered without usage, so its sums are too small`,
  ];
}

function missingCounts({ outer, inner, engine }: CountedTokens): readonly string[] {
  const taps = [
    ...(outer === null ? ["outer tap: no counts"] : []),
    ...(inner === null ? ["inner tap: no counts"] : []),
  ];
  if (engine === null) return [...taps, "engine counter: no metrics"];
  const why = engine.reset ? "the engine restarted in between" : "the engine does not report it";
  return [
    ...taps,
    ...(engine.prompt_tokens === null ? [`engine counter: prompt tokens unknown, ${why}`] : []),
    ...(engine.generation_tokens === null ? [`engine counter: completion tokens unknown, ${why}`] : []),
  ];
}

function remarks(counts: CountedTokens): readonly string[] {
  const { outer, inner, engine } = counts;
  const failed = [
    ...(outer !== null && outer.failed > 0 ? [`outer tap: ${outer.failed} requests failed`] : []),
    ...(inner !== null && inner.failed > 0 ? [`inner tap: ${inner.failed} requests failed`] : []),
  ];
  const requests = pointsOf([outer?.generations, inner?.generations, engine?.num_requests]);
  const cached = pointsOf([knownCached(outer), knownCached(inner), engine?.cached_tokens]);
  return [...differencesOf("requests", requests), ...differencesOf("cached tokens", cached), ...failed].map(
    (remark) => `note: ${remark}`,
  );
}

/** A sum over the replies that told, which is the sum over all only when all told. */
function knownCached(totals: TapListenerTotals | null): number | null {
  return totals === null || totals.withoutCachedTokens > 0 ? null : totals.cachedTokens;
}
