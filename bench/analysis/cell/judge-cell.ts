import { eventLoopReasons, sendReasons, stolenReasons, type SendFacts } from "./client-limits.ts";
import { fidelityReasons, type CellFidelity } from "./cell-fidelity.ts";
import type { Pressure } from "../../store/segment-facts.ts";
import type { EngineReadings } from "./engine-readings.ts";
import type { SegmentUse } from "./segment-choice.ts";
import type { TokenCheck } from "../tokens/token-check.ts";
import { verdicts, type Verdict, type VerdictReason } from "./verdict.ts";

export interface VerdictFacts {
  readonly planned: number;
  readonly finished: number;
  /** Why too many of its episodes failed; null or absent where they did not. */
  readonly failing?: string | null;
  readonly segments: readonly SegmentUse[];
  readonly agentEngine: EngineReadings | null;
  readonly tokenCheck: TokenCheck;
  /** Answered requests at the outer tap, and requests that the tap in front of the engine saw. */
  readonly answered: number;
  readonly innerRequests: number;
  readonly pressure: readonly Pressure[];
  /** What the two sides of the arm differ in; null or absent where nothing was compared. */
  readonly fidelity?: CellFidelity | null | undefined;
  /** By segment, 0..1; null or absent where the kernel does not say. */
  readonly stolenShares?: readonly (number | null | undefined)[];
  /** Wall clock of the used segments, in seconds. */
  readonly seconds: number | null;
  /** What a load generator did; none where episodes set the pace. */
  readonly sends?: readonly SendFacts[];
}

/** The verdict and every reason against the cell, worst first; a valid cell has no reasons. */
export function judgeCell(facts: VerdictFacts): {
  readonly verdict: Verdict;
  readonly reasons: VerdictReason[];
} {
  const engine = engineReasons(facts);
  const unseen = engine.some(({ verdict }) => verdict === "no-metrics");
  const reasons = [
    // Whether an engine without metrics is idle cannot be seen: that it was not is no finding of its own.
    ...segmentReasons(facts).filter(({ verdict }) => !(unseen && verdict === "not-drained")),
    ...engine,
    ...(facts.failing == null ? [] : [{ verdict: "failing" as const, detail: facts.failing }]),
    ...fidelityReasons(facts.fidelity ?? null),
    ...tokenReasons(facts.tokenCheck),
    ...sendReasons(facts.sends ?? []),
    ...eventLoopReasons(facts.pressure, facts.seconds),
    ...stolenReasons(facts.stolenShares ?? []),
  ].sort((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict));
  return { verdict: reasons[0]?.verdict ?? "valid", reasons };
}

function segmentReasons({ segments, planned, finished }: VerdictFacts): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  for (const { segmentId, excluded, episodes } of segments) {
    if (excluded === "engine-died") {
      reasons.push({ verdict: "engine-died", detail: `a part of the stack ended in segment ${segmentId}` });
    } else if ((excluded === "unclosed" || excluded === "interrupted") && episodes > 0) {
      const detail = `segment ${segmentId} is ${excluded}; its ${episodes} episodes count for rewards, not for rates`;
      reasons.push({ verdict: "interrupted", detail });
    }
  }
  for (const { segmentId, used, drained } of segments) {
    if (!used || drained !== false) continue;
    const detail = `the engines were not idle before the closing snapshot of segment ${segmentId}`;
    reasons.push({ verdict: "not-drained", detail });
  }
  if (finished < planned) {
    reasons.push({ verdict: "interrupted", detail: `${finished} of ${planned} episodes are finished` });
  }
  return reasons;
}

function engineReasons(facts: VerdictFacts): VerdictReason[] {
  const { agentEngine, segments } = facts;
  if (!segments.some(({ used }) => used)) return [];
  const { answered, innerRequests } = facts;
  const elsewhere = answeredElsewhere({
    answered,
    innerRequests,
    countedPromptTokens: agentEngine === null || agentEngine.restarted ? null : agentEngine.promptTokens,
  });
  if (elsewhere !== null) return [elsewhere];
  if (agentEngine?.restarted) {
    return [
      { verdict: "engine-restarted", detail: agentEngine.problems.join("; ") || "its counters went back" },
    ];
  }
  if (agentEngine === null || agentEngine.promptTokens === null) {
    return [{ verdict: "no-metrics", detail: "no token counters of the agent engine around the segment" }];
  }
  return [];
}

/**
 * Somebody answered, and neither the engine's counters nor the tap in front of it moved.
 *
 * @param facts.countedPromptTokens null where the counters cannot be read, or went back
 */
export function answeredElsewhere(facts: {
  readonly answered: number;
  readonly innerRequests: number;
  readonly countedPromptTokens: number | null;
}): VerdictReason | null {
  const { answered, innerRequests, countedPromptTokens } = facts;
  if (answered === 0 || innerRequests > 0 || countedPromptTokens !== 0) return null;
  const detail = `none of the ${answered} answered requests reached the engine whose counters were read`;
  return { verdict: "different-engines", detail };
}

function tokenReasons({ status, details }: TokenCheck): VerdictReason[] {
  return status === "mismatch" ? details.map((detail) => ({ verdict: "token-mismatch", detail })) : [];
}
