import { z } from "zod";
import type { EngineSummary } from "./engine-summary.ts";
import type { SegmentUse } from "./segment-choice.ts";
import type { TokenCheck } from "./token-check.ts";

/** Whether the numbers of a cell may be used, worst first: a cell's verdict is the worst that applies. */
export const verdicts = [
  "engine-died",
  "engine-restarted",
  "interrupted",
  "not-drained",
  "no-metrics",
  "token-mismatch",
  "client-limited",
  "valid",
] as const;
export type Verdict = (typeof verdicts)[number];

export const verdictReasonSchema = z.object({ verdict: z.enum(verdicts), detail: z.string() });
export type VerdictReason = z.infer<typeof verdictReasonSchema>;

/** Above this share of busy time an event loop delays what passes through it. */
export const utilizationMax = 0.7;

export interface VerdictFacts {
  readonly planned: number;
  readonly finished: number;
  readonly segments: readonly SegmentUse[];
  readonly agentEngine: EngineSummary | null;
  readonly tokenCheck: TokenCheck;
  readonly pressure: readonly { readonly process: string; readonly eventLoopUtilization: number | null }[];
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
    ...tokenReasons(facts.tokenCheck),
    ...pressureReasons(facts),
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

function engineReasons({ agentEngine, segments }: VerdictFacts): VerdictReason[] {
  if (!segments.some(({ used }) => used)) return [];
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

function tokenReasons({ status, details }: TokenCheck): VerdictReason[] {
  return status === "mismatch" ? details.map((detail) => ({ verdict: "token-mismatch", detail })) : [];
}

/** A process that did not answer may be the busiest of all: not knowing is a limit as well. */
function pressureReasons({ pressure }: VerdictFacts): VerdictReason[] {
  return pressure.flatMap(({ process, eventLoopUtilization: busy }): VerdictReason[] => {
    if (busy === null)
      return [{ verdict: "client-limited", detail: `${process} did not say how busy it was` }];
    if (busy <= utilizationMax) return [];
    const percent = `${(busy * 100).toFixed(0)} % of the time (limit ${utilizationMax * 100} %)`;
    return [{ verdict: "client-limited", detail: `${process} was busy ${percent}` }];
  });
}
