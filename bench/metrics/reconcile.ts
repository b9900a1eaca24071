import type { TapListenerTotals } from "../tap/control.ts";
import type { EngineDelta } from "./engine-delta.ts";

/** Three independent counts of the same tokens. null where one could not be taken. */
export interface TokenCounts {
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
export function reconcile(counts: TokenCounts): Reconciliation {
  const missing = missingCounts(counts);
  const differences = [
    ...tokenDifferences("prompt tokens", pointsOf(counts, "promptTokens", "prompt_tokens")),
    ...tokenDifferences("completion tokens", pointsOf(counts, "completionTokens", "generation_tokens")),
    ...repliesWithoutUsage("outer tap", counts.outer),
    ...repliesWithoutUsage("inner tap", counts.inner),
  ];
  const verdict = differences.length > 0 ? "mismatch" : missing.length > 0 ? "unavailable" : "exact";
  return { verdict, details: [...differences, ...missing, ...remarks(counts)] };
}

interface Point {
  readonly place: string;
  readonly tokens: number;
}

function pointsOf(
  { outer, inner, engine }: TokenCounts,
  tapField: "promptTokens" | "completionTokens" | "cachedTokens",
  engineField: "prompt_tokens" | "generation_tokens" | "cached_tokens",
): readonly Point[] {
  const points: readonly { readonly place: string; readonly tokens: number | null }[] = [
    { place: "outer tap", tokens: outer?.[tapField] ?? null },
    { place: "inner tap", tokens: inner?.[tapField] ?? null },
    { place: "engine counter", tokens: engine?.[engineField] ?? null },
  ];
  return points.flatMap(({ place, tokens }) => (tokens === null ? [] : [{ place, tokens }]));
}

/** Each place against the one before it on the way to the engine. */
function tokenDifferences(what: string, points: readonly Point[]): readonly string[] {
  return points.flatMap((point, index) => {
    const previous = points[index - 1];
    if (previous === undefined || previous.tokens === point.tokens) return [];
    const by = Math.abs(point.tokens - previous.tokens);
    const more = point.tokens > previous.tokens ? point.place : previous.place;
    return [
      `${what}: ${previous.place} ${previous.tokens}, ${point.place} ${point.tokens}; ${by} more at the ${more}`,
    ];
  });
}

function repliesWithoutUsage(place: string, totals: TapListenerTotals | null): readonly string[] {
  if (totals === null || totals.withoutUsage === 0) return [];
  const { withoutUsage, requests } = totals;
  return [
    `${place}: ${withoutUsage} of ${requests} requests answered without usage, so its sums are too small`,
  ];
}

function missingCounts({ outer, inner, engine }: TokenCounts): readonly string[] {
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

function remarks(counts: TokenCounts): readonly string[] {
  const { outer, inner, engine } = counts;
  const requests: readonly Point[] = [
    ...(outer === null ? [] : [{ place: "outer tap", tokens: outer.requests }]),
    ...(inner === null ? [] : [{ place: "inner tap", tokens: inner.requests }]),
    ...(engine?.num_requests == null ? [] : [{ place: "engine counter", tokens: engine.num_requests }]),
  ];
  const failed = [
    ...(outer !== null && outer.failed > 0 ? [`outer tap: ${outer.failed} requests failed`] : []),
    ...(inner !== null && inner.failed > 0 ? [`inner tap: ${inner.failed} requests failed`] : []),
  ];
  return [
    ...tokenDifferences("requests", requests),
    ...tokenDifferences("cached tokens", pointsOf(counts, "cachedTokens", "cached_tokens")),
    ...failed,
  ].map((remark) => `note: ${remark}`);
}
