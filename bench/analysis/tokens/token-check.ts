import { z } from "zod";
import type { EngineDelta } from "../../metrics/engine-delta.ts";
import { reconcile } from "../../metrics/reconcile.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { TapListenerTotals } from "../../tap/control.ts";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { explainTokens, surplusRequests, unequalRequests, type TappedRequests } from "./token-explanation.ts";
import { tokenSums, type TokenSums } from "./token-sums.ts";

/**
 * Whether four parties count the same tokens in every used segment: `usage` in the answers at the outer tap, at the
 * inner tap, the engine's own counters, and the token ids that a recording gateway logged. `explained`: they differ, and
 * named requests account for it (repeated by the gateway, left by the agent, without a whole answer).
 */
export const tokenCheckSchema = z.object({
  status: z.enum(["exact", "explained", "mismatch", "unknown"]),
  details: z.array(z.string()),
});
export type TokenCheck = z.infer<typeof tokenCheckSchema>;

/** What was counted in one segment. */
interface TokenParties {
  readonly timings: readonly TapTiming[];
  readonly engine: EngineDelta | null;
  /** Episodes that ran in it, with what their gateway logged. */
  readonly episodes: readonly EpisodeRecord[];
}

const worstFirst = ["mismatch", "unknown", "explained", "exact"] as const;

export function checkTokens(segments: readonly TokenParties[]): TokenCheck {
  if (segments.length === 0) return { status: "unknown", details: ["no used segment"] };
  const checks = segments.flatMap((segment) => [checkSegment(segment), checkLogged(segment.episodes)]);
  const status =
    worstFirst.find((candidate) => checks.some(({ status }) => status === candidate)) ?? "unknown";
  return { status, details: [...new Set(checks.flatMap(({ details }) => details))] };
}

function checkSegment({ timings, engine }: TokenParties): TokenCheck {
  const at = (hop: TapTiming["hop"]) =>
    timings.filter((timing) => timing.hop === hop && isGenerationRequest(timing));
  const [outer, seen] = [at("outer"), at("inner")];
  // Where the inner hop cannot be tapped, the outer tap is the one next to the engine.
  const tapped = seen.length > 0;
  const requests: TappedRequests = { outer, inner: tapped ? seen : outer };
  const { verdict, details } = reconcile({
    outer: totals(tokenSums(timings, "outer")),
    inner: tapped ? totals(tokenSums(timings, "inner")) : "no tap",
    engine,
  });
  const unequal = unequalRequests(requests);
  if (verdict === "exact" && !outer.some(isAnswered))
    return { status: "unknown", details: ["no request was answered: there are no tokens to compare"] };
  if (verdict === "exact" && unequal.length === 0) {
    const surplus = surplusRequests(requests);
    return { status: surplus.length === 0 ? "exact" : "explained", details: [...surplus] };
  }
  const { explained, unexplained } = explainTokens(requests, engine);
  const unseen = tapped || outer.length === 0 ? [] : ["note: no request was seen at the inner tap"];
  const told = [...details, ...unseen, ...explained, ...unexplained];
  if (unequal.length > 0 || unexplained.length > 0) return { status: "mismatch", details: told };
  if (verdict === "unavailable") return { status: "unknown", details: [...details] };
  return {
    status: verdict === "mismatch" && explained.length === 0 ? "mismatch" : "explained",
    details: told,
  };
}

/** Ids that were logged against the counts of the answers they came with, episode by episode. */
function checkLogged(episodes: readonly EpisodeRecord[]): TokenCheck {
  const logged = episodes.flatMap(({ loggedTokens, ...episode }) =>
    loggedTokens ? [{ ...episode, logged: loggedTokens }] : [],
  );
  const wrong = logged.filter(
    ({ logged, promptTokens, completionTokens, requests }) =>
      logged.calls === requests &&
      ((logged.promptTokens !== null && promptTokens !== null && logged.promptTokens !== promptTokens) ||
        (logged.outputTokens !== null &&
          completionTokens !== null &&
          logged.outputTokens !== completionTokens)),
  );
  const details = wrong
    .slice(0, 5)
    .map(
      ({ episodeId, logged, promptTokens, completionTokens }) =>
        `logged token ids: episode ${episodeId} has ${logged.promptTokens ?? "?"} + ${logged.outputTokens ?? "?"}, its answers said ${promptTokens} + ${completionTokens}`,
    );
  if (wrong.length > 5) details.push(`logged token ids: ${wrong.length - 5} more episodes differ`);
  return { status: wrong.length > 0 ? "mismatch" : "exact", details };
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
