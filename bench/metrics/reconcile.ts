import type { TapListenerTotals } from "../tap/control.ts";
import { resolutionText } from "./resolution.ts";
import type { CountedField, EngineDelta } from "./engine-delta.ts";

/** Three independent counts of the same tokens. null where one could not be taken. */
export interface CountedTokens {
  /** Between agent and arm. */
  readonly outer: TapListenerTotals | null;
  /** Between gateway and engine; `no tap`: nobody stands there, so that no count is missing. */
  readonly inner: TapListenerTotals | "no tap" | null;
  /** The engine's own counters over the same interval, drained before and after. */
  readonly engine: EngineDelta | null;
}

export interface Reconciliation {
  /**
   * `exact`: prompt and completion tokens are equal at all three places and every reply stated its usage.
   * `mismatch`: two places that could be compared differ, or replies came without usage.
   * `unavailable`: nothing differs, but a count is missing, or the engine's page prints too few digits to tell.
   */
  readonly verdict: "exact" | "mismatch" | "unavailable";
  /** Sentences for the table: what differs and by how much, what is missing, what else was noticed. */
  readonly details: readonly string[];
}

/** Compares the counts. Requests and cached tokens are compared too, but only mentioned: engines define them differently. */
export function reconcile(counts: CountedTokens): Reconciliation {
  const { outer } = counts;
  const inner = tapped(counts);
  const missing = missingCounts(counts);
  const prompt = compare("prompt tokens", counts, { taps: "promptTokens", engine: "prompt_tokens" });
  const completion = compare("completion tokens", counts, {
    taps: "completionTokens",
    engine: "generation_tokens",
  });
  const differences = [
    ...prompt.differences,
    ...completion.differences,
    ...repliesWithoutUsage("outer tap", outer),
    ...repliesWithoutUsage("inner tap", inner),
  ];
  const untold = [...missing, ...prompt.untold, ...completion.untold];
  const verdict = differences.length > 0 ? "mismatch" : untold.length > 0 ? "unavailable" : "exact";
  return { verdict, details: [...differences, ...untold, ...remarks(counts)] };
}

function tapped({ inner }: CountedTokens): TapListenerTotals | null {
  return inner === "no tap" ? null : inner;
}

interface Point {
  readonly place: string;
  readonly count: number;
  /** How far the true count may be from this one. */
  readonly plusMinus: number;
  /** Why it is not exact; null where it is. */
  readonly because: string | null;
}

interface Compared {
  readonly differences: readonly string[];
  /** Equal as far as can be told, which is not to the last token. */
  readonly untold: readonly string[];
}

/** Counts on the way to the engine, in that order, without the places where there is none. */
function compare(
  what: string,
  counts: CountedTokens,
  of: { readonly taps: "promptTokens" | "completionTokens"; readonly engine: CountedField },
): Compared {
  const { outer, engine } = counts;
  return differencesOf(what, [
    ...pointOf("outer tap", outer?.[of.taps]),
    ...pointOf("inner tap", tapped(counts)?.[of.taps]),
    ...enginePoint(engine, of.engine),
  ]);
}

function pointOf(place: string, count: number | null | undefined): readonly Point[] {
  return count == null ? [] : [{ place, count, plusMinus: 0, because: null }];
}

function enginePoint(engine: EngineDelta | null, field: CountedField): readonly Point[] {
  const [point] = pointOf("engine counter", engine?.[field]);
  if (point === undefined) return [];
  const rounded = engine?.resolution[field];
  if (rounded === undefined) return [point];
  const because = resolutionText({ plusMinus: rounded.plus_minus, digits: rounded.digits });
  return [{ ...point, plusMinus: rounded.plus_minus, because }];
}

/** Each place against the one before it on the way to the engine. */
function differencesOf(what: string, points: readonly Point[]): Compared {
  const [differences, untold]: [string[], string[]] = [[], []];
  for (const [index, point] of points.entries()) {
    const previous = points[index - 1];
    if (previous === undefined) continue;
    const by = Math.abs(point.count - previous.count);
    const more = point.count > previous.count ? point.place : previous.place;
    const text = `${what}: ${previous.place} ${previous.count}, ${point.place} ${point.count}`;
    const apart = by === 0 ? text : `${text}; ${by} more at the ${more}`;
    const because = point.because === null ? "" : ` (${point.because})`;
    if (by > point.plusMinus) differences.push(`${apart}${because}`);
    else if (point.plusMinus > 0) untold.push(`${apart}: within the page's resolution${because}`);
  }
  return { differences, untold };
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
  return [
    ...taps,
    ...(engine.prompt_tokens === null
      ? [`engine counter: prompt tokens unknown, ${why(engine, "prompt_tokens")}`]
      : []),
    ...(engine.generation_tokens === null
      ? [`engine counter: completion tokens unknown, ${why(engine, "generation_tokens")}`]
      : []),
  ];
}

function why(engine: EngineDelta, field: CountedField): string {
  if (engine.reset) return "the engine restarted in between";
  return engine.unknown[field] ?? "the page is of no engine that Tollgate knows";
}

function remarks(counts: CountedTokens): readonly string[] {
  const { outer, engine } = counts;
  const inner = tapped(counts);
  const failed = [
    ...(outer !== null && outer.failed > 0 ? [`outer tap: ${outer.failed} requests failed`] : []),
    ...(inner !== null && inner.failed > 0 ? [`inner tap: ${inner.failed} requests failed`] : []),
  ];
  const requests = differencesOf("requests", [
    ...pointOf("outer tap", outer?.generations),
    ...pointOf("inner tap", inner?.generations),
    ...enginePoint(engine, "num_requests"),
  ]);
  const cached = differencesOf("cached tokens", [
    ...pointOf("outer tap", knownCached(outer)),
    ...pointOf("inner tap", knownCached(inner)),
    ...enginePoint(engine, "cached_tokens"),
  ]);
  return [...requests.differences, ...cached.differences, ...failed].map((remark) => `note: ${remark}`);
}

/** A sum over the replies that told, which is the sum over all only when all told. */
function knownCached(totals: TapListenerTotals | null): number | null {
  return totals === null || totals.withoutCachedTokens > 0 ? null : totals.cachedTokens;
}
