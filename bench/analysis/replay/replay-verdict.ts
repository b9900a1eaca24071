import { percentile } from "../../statistics/distribution.ts";
import { loadMetrics, steadySamples } from "../../load/latency.ts";
import { parseLoad } from "../../load/schedule.ts";
import { cellFidelity, fidelityReasons, type CellFidelity } from "../cell/cell-fidelity.ts";
import { eventLoopReasons, sendReasons, stolenReasons, type SendFacts } from "../cell/client-limits.ts";
import { checkTokens } from "../tokens/token-check.ts";
import { answeredElsewhere } from "../cell/judge-cell.ts";
import { verdicts, type Verdict, type VerdictReason } from "../cell/verdict.ts";
import { failingReasons } from "./failed-requests.ts";
import type { ArmComparison } from "./comparison.ts";
import type { LegEvidence } from "../../evidence/leg-evidence.ts";
import { cellIdOf, segmentIdOf } from "../../store/leg-name.ts";

export interface ReplayVerdict {
  readonly verdict: Verdict;
  /** Worst first; none for a valid replay. */
  readonly reasons: readonly VerdictReason[];
}

/** Whether the numbers of a replay may be used, with every reason against them. */
export function judgeReplay(facts: {
  readonly legs: readonly LegEvidence[];
  readonly comparisons: readonly ArmComparison[];
  readonly interrupted: boolean;
  /** `limits.failedShare`, of requests here. */
  readonly failedShareMax: number;
}): ReplayVerdict {
  const { legs, comparisons, interrupted, failedShareMax } = facts;
  const reasons = [
    ...legs.flatMap(legReasons),
    ...failingReasons(legs, failedShareMax),
    ...replayFidelity(legs).flatMap(({ cell, fidelity }) =>
      fidelityReasons(fidelity).map((reason) => ({ ...reason, detail: `${cell}: ${reason.detail}` })),
    ),
    ...stolenReasons(legs.map(({ facts }) => facts.stolenShare)),
    ...comparisons.flatMap(comparisonReasons),
    ...sendReasons(sendFacts(legs)),
    ...(interrupted ? [interruption(comparisons)] : []),
  ];
  const distinct = [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()].sort(
    (a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict),
  );
  return { verdict: distinct[0]?.verdict ?? "valid", reasons: distinct };
}

/** What the two sides of each arm differ in, by cell, over all its legs; none where nothing was compared. */
export function replayFidelity(
  legs: readonly LegEvidence[],
): readonly { readonly cell: string; readonly fidelity: CellFidelity }[] {
  return [...Map.groupBy(legs, ({ setting, arm }) => cellIdOf(setting, arm))].flatMap(([cell, own]) => {
    const fidelity = cellFidelity(own.map((leg) => leg.fidelity));
    return fidelity === null ? [] : [{ cell, fidelity }];
  });
}

function interruption(comparisons: readonly ArmComparison[]): VerdictReason {
  const blocks = Math.min(...comparisons.map(({ blocks }) => blocks));
  return { verdict: "interrupted", detail: `the replay was stopped; ${blocks} blocks are whole and count` };
}

function legReasons(leg: LegEvidence): VerdictReason[] {
  const name = `${cellIdOf(leg.setting, leg.arm)} ${segmentIdOf(leg)}`;
  const { engine, facts, timings } = leg;
  if (leg.died) return [{ verdict: "engine-died", detail: `${name}: a part of the stack ended` }];
  const reasons = eventLoopReasons(facts.pressure, leg.seconds);
  const elsewhere = answeredElsewhere({
    answered: timings.filter(({ hop, outcome }) => hop === "outer" && outcome === "completed").length,
    innerRequests: timings.filter(({ hop }) => hop === "inner").length,
    countedPromptTokens: engine === null || engine.reset ? null : engine.prompt_tokens,
  });
  if (elsewhere !== null) reasons.push({ ...elsewhere, detail: `${name}: ${elsewhere.detail}` });
  else if (engine?.reset)
    reasons.push({ verdict: "engine-restarted", detail: `${name}: the engine's counters went back` });
  else if (engine === null || engine.prompt_tokens === null) {
    reasons.push({ verdict: "no-metrics", detail: `${name}: no token counters of the agent engine` });
  } else {
    if (!facts.drained)
      reasons.push({ verdict: "not-drained", detail: `${name}: the engine was not idle at its end` });
    const check = checkTokens([{ timings, engine, episodes: [] }]);
    if (check.status === "mismatch") {
      reasons.push(
        ...check.details.map((detail) => ({
          verdict: "token-mismatch" as const,
          detail: `${name}: ${detail}`,
        })),
      );
    }
  }
  if (leg.path.retried > 0) {
    const detail = `${name}: ${leg.path.retried} requests were sent more than once by the gateway`;
    reasons.push({ verdict: "token-mismatch", detail });
  }
  return reasons;
}

/** Requests that the arms did not put to the engine alike, or that did not come back: what is left may be another mix. */
function comparisonReasons({ setting, arm, dropped }: ArmComparison): VerdictReason[] {
  const name = cellIdOf(setting, arm);
  return (["other prompt tokens", "no usage told", "stamps out of order"] as const).flatMap((reason) =>
    dropped[reason] === 0
      ? []
      : [
          {
            verdict: "token-mismatch" as const,
            detail: `${name}: ${dropped[reason]} requests with ${reason}`,
          },
        ],
  );
}

/** By cell, over all its legs. */
export function sendFacts(legs: readonly LegEvidence[]): readonly SendFacts[] {
  return [...Map.groupBy(legs, ({ setting, arm }) => cellIdOf(setting, arm))].map(([name, own]) => {
    const lateness = own.flatMap(({ samples, load }) =>
      steadySamples(samples, load.steady).flatMap((sample) => loadMetrics.lateness(sample) ?? []),
    );
    return {
      name,
      ...sessionRates(own),
      latenessMs: { p50: percentile(lateness, 0.5), p99: percentile(lateness, 0.99) },
    };
  });
}

/**
 * How often conversations were to begin and began, over the gaps between the first and the last of each leg. Only their
 * first requests have a schedule: when the later ones come depends on the answers. A closed loop has none at all.
 */
function sessionRates(legs: readonly LegEvidence[]): Pick<SendFacts, "plannedPerSecond" | "sentPerSecond"> {
  const [first] = legs;
  if (first === undefined || parseLoad(first.setting.load).kind === "closed")
    return { plannedPerSecond: null, sentPerSecond: null };
  const begins = legs.map(({ samples }) => samples.filter(({ index }) => index === 0));
  return {
    plannedPerSecond: ratePerSecond(begins.map((leg) => leg.map(({ intendedNs }) => intendedNs))),
    sentPerSecond: ratePerSecond(begins.map((leg) => leg.flatMap(({ sentNs }) => sentNs ?? []))),
  };
}

/** null without a gap. */
function ratePerSecond(legs: readonly (readonly number[])[]): number | null {
  const gaps = legs.reduce((sum, times) => sum + Math.max(0, times.length - 1), 0);
  const spanNs = legs.reduce(
    (sum, times) => sum + (times.length === 0 ? 0 : Math.max(...times) - Math.min(...times)),
    0,
  );
  return spanNs > 0 ? (gaps / spanNs) * 1e9 : null;
}
