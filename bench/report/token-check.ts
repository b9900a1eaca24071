import { z } from "zod";
import type { EngineDelta } from "../metrics/engine-delta.ts";
import { reconcile } from "../metrics/reconcile.ts";
import type { TapListenerTotals } from "../tap/control.ts";
import type { TokenSums } from "./token-sums.ts";

/**
 * Whether three parties count the same tokens in every used segment: `usage` in the answers at the outer tap, at the
 * inner tap, and the engine's own counters. `explained`: only the engine counted more, and some requests got no complete
 * answer, whose tokens no answer could report.
 */
export const tokenCheckSchema = z.object({
  status: z.enum(["exact", "explained", "mismatch", "unknown"]),
  details: z.array(z.string()),
});
export type TokenCheck = z.infer<typeof tokenCheckSchema>;

/** What was counted in one segment. */
export interface TokenParties {
  readonly outer: TokenSums;
  /** No requests: the gateway's upstream could not be tapped. */
  readonly inner: TokenSums;
  readonly engine: EngineDelta | null;
}

const worstFirst = ["mismatch", "unknown", "explained", "exact"] as const;

export function checkTokens(segments: readonly TokenParties[]): TokenCheck {
  if (segments.length === 0) return { status: "unknown", details: ["no used segment"] };
  const checks = segments.map(checkSegment);
  const status =
    worstFirst.find((candidate) => checks.some(({ status }) => status === candidate)) ?? "unknown";
  return { status, details: [...new Set(checks.flatMap(({ details }) => details))] };
}

function checkSegment(parties: TokenParties): TokenCheck {
  const { outer, engine } = parties;
  // Where the inner hop cannot be tapped, the outer tap is the one next to the engine.
  const inner = parties.inner.requests > 0 ? parties.inner : outer;
  const { verdict, details } = reconcile({ outer: totals(outer), inner: totals(inner), engine });
  if (verdict === "unavailable") return { status: "unknown", details: [...details] };
  if (verdict === "exact") return { status: "exact", details: [] };
  const unanswered = inner.requests - inner.answered;
  const engineAlone = sameTokens(outer, inner) && engineCountedMore(inner, engine);
  return { status: engineAlone && unanswered > 0 ? "explained" : "mismatch", details: [...details] };
}

function sameTokens(outer: TokenSums, inner: TokenSums): boolean {
  if (outer.withoutUsage + inner.withoutUsage > 0) return false;
  return outer.promptTokens === inner.promptTokens && outer.completionTokens === inner.completionTokens;
}

function engineCountedMore(inner: TokenSums, engine: EngineDelta | null): boolean {
  if (engine?.prompt_tokens == null || engine.generation_tokens === null) return false;
  return (
    engine.prompt_tokens >= (inner.promptTokens ?? Number.POSITIVE_INFINITY) &&
    engine.generation_tokens >= (inner.completionTokens ?? Number.POSITIVE_INFINITY)
  );
}

function totals(sums: TokenSums): TapListenerTotals {
  return {
    requests: sums.requests,
    generations: sums.requests,
    completed: sums.answered,
    failed: sums.requests - sums.answered,
    withoutUsage: sums.withoutUsage,
    promptTokens: sums.reported.promptTokens,
    completionTokens: sums.reported.completionTokens,
    cachedTokens: sums.reported.cachedTokens,
    withoutCachedTokens: sums.withoutCachedTokens,
    requestBytes: 0,
    responseBytes: 0,
  };
}
