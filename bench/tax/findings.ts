import {
  compareGroups,
  compareReplay,
  type ArmComparison,
  type GroupDifference,
  type ReplayDifference,
} from "../analysis/replay/comparison.ts";
import type { PairedRequest } from "../analysis/replay/paired-requests.ts";
import type { ReplayReport } from "../analysis/replay/replay-report.ts";
import type { VerdictReason } from "../analysis/cell/verdict.ts";
import type { LegEvidence } from "../evidence/leg-evidence.ts";
import type { Interval } from "../statistics/interval.ts";
import type { ReplayPlan, ReplaySetting } from "../store/replay-plan.ts";
import type { AlterationCheck } from "./alterations.ts";
import { judgeAddedLimit, worstLimitStatus, type AddedLimit, type LimitStatus } from "./limit.ts";
import { sizeText, type ProbedSize } from "./probe.ts";
import { sizeOf } from "./conversations.ts";
import { arms } from "./tax-plan.ts";

/** Over blocks. */
export type AddedInterval = Pick<Interval, "estimate" | "low" | "high" | "confidence" | "units">;

/** What something adds to a request, milliseconds; the mean over pairs of requests. */
export interface Added {
  /** null where it could not be measured. */
  readonly interval: AddedInterval | null;
  /** Of the middle pair of each block in place of the mean: what a few requests that were held up do not change. */
  readonly median: AddedInterval | null;
  /** Pairs of requests behind it. */
  readonly pairs: number;
  /** What the request takes without it. */
  readonly baselineMs: number | null;
}

export interface AddedToRequest {
  readonly firstToken: Added;
  readonly whole: Added;
}

export interface LoadFindings {
  readonly load: string;
  readonly blocks: number;
  /** The gateway minus the raw server. */
  readonly added: AddedToRequest;
  /** A proxy that does nothing, on this machine, minus the raw server; null where there was no time for it. */
  readonly anyProxy: AddedToRequest | null;
  /** The gateway minus that proxy. */
  readonly gatewayItself: AddedToRequest | null;
  /** The raw server minus itself: what this run reports where there is nothing to find. */
  readonly floor: AddedToRequest;
  readonly bySize: readonly (AddedToRequest & { readonly size: string; readonly bodyBytes: number })[];
  readonly byTurn: readonly (AddedToRequest & { readonly turn: number })[];
  /** The gateway holds a stream's tokens back until its end: it has no first token to speak of. */
  readonly streaming: ArmComparison["streaming"];
  /** Requests that are in no difference, by reason: between the gateway and the raw server, and between the raw server and itself. */
  readonly leftOut: {
    readonly gateway: ArmComparison["dropped"];
    readonly raw: ArmComparison["dropped"] | null;
  };
}

export interface ErrorCount {
  readonly arm: string;
  /** `http-error 503`, `truncated`, … */
  readonly class: string;
  readonly count: number;
  /** Of so many requests. */
  readonly of: number;
  readonly first: string | null;
}

export interface TaxFindings {
  readonly loads: readonly LoadFindings[];
  readonly requests: number;
  readonly errors: readonly ErrorCount[];
  readonly limit: { readonly text: string; readonly status: LimitStatus } | null;
}

export interface MeasuredTax {
  readonly plan: ReplayPlan;
  readonly legs: readonly LegEvidence[];
  readonly sizes: readonly ProbedSize[];
  readonly limit: AddedLimit | null;
}

const options = { confidence: 0.95, margin: null, median: true };

/** What the blocks say. Pure. */
export function taxFindings(measured: MeasuredTax): TaxFindings {
  const { plan, legs, limit } = measured;
  const loads = plan.settings.map((setting) => loadFindings(measured, setting));
  const statuses = loads.flatMap(({ added, streaming }) => {
    const parts = streaming === "simulated" ? [added.whole] : [added.firstToken, added.whole];
    return limit === null
      ? []
      : parts.map(({ interval, baselineMs }) =>
          judgeAddedLimit(limit, interval === null ? null : { ...interval, method: "" }, baselineMs),
        );
  });
  return {
    loads,
    requests: legs.reduce((sum, { samples }) => sum + samples.length, 0),
    errors: errorCounts(legs),
    limit: limit === null ? null : { text: limit.text, status: worstLimitStatus(statuses) },
  };
}

function loadFindings({ plan, legs, sizes }: MeasuredTax, setting: ReplaySetting): LoadFindings {
  const only = { arms: plan.arms, settings: [setting] };
  const compared = compareReplay(legs, only, options);
  const gateway = compared.find(({ arm }) => arm.part === "compared");
  const again = compared.find(({ arm }) => arm.part === "again");
  const placebo = compared.find(({ arm }) => arm.part === "placebo");
  if (gateway === undefined || again === undefined) throw new Error("a tax compares a gateway and a floor");
  const pair = [arms.placebo, arms.gateway];
  const beyond =
    placebo === undefined
      ? undefined
      : compareReplay(
          legs.filter(({ arm }) => pair.some(({ label }) => label === arm.label)),
          { arms: pair, settings: [setting] },
          options,
        )[0];
  const groups = (groupOf: (request: PairedRequest) => string) =>
    compareGroups(legs, { setting, arms: [arms.raw, arms.gateway] }, { ...options, groupOf });
  const bySize = groups(
    ({ session }) =>
      sizeOf(
        Number(session),
        sizes.map(({ size }) => size),
      ).name,
  );
  const byTurn = groups(({ index }) => String(index));
  return {
    load: setting.load,
    blocks: gateway.blocks,
    added: addedBy(gateway.metrics),
    anyProxy: placebo === undefined ? null : addedBy(placebo.metrics),
    gatewayItself: beyond === undefined ? null : addedBy(beyond.metrics),
    floor: addedBy(again.metrics),
    bySize: sizes.flatMap(({ size, bodyBytes }) => {
      const found = bySize.get(size.name);
      return found === undefined ? [] : [{ size: sizeText(bodyBytes), bodyBytes, ...addedBy(found) }];
    }),
    byTurn: [...byTurn]
      .map(([turn, found]) => ({ turn: Number(turn) + 1, ...addedBy(found) }))
      .toSorted((a, b) => a.turn - b.turn),
    streaming: gateway.streaming,
    leftOut: { gateway: gateway.dropped, raw: again.dropped },
  };
}

function addedBy({ ttft, e2e }: GroupDifference): AddedToRequest {
  return { firstToken: addedOf(ttft), whole: addedOf(e2e) };
}

function addedOf({ interval, median, count, baselineMean }: ReplayDifference): Added {
  return {
    interval: boundsOf(interval),
    median: boundsOf(median ?? null),
    pairs: count,
    baselineMs: baselineMean,
  };
}

function boundsOf(interval: Interval | null): AddedInterval | null {
  if (interval === null) return null;
  const { estimate, low, high, confidence, units } = interval;
  return { estimate, low, high, confidence, units };
}

function errorCounts(legs: readonly LegEvidence[]): readonly ErrorCount[] {
  return [...Map.groupBy(legs, ({ arm }) => arm.arm)].flatMap(([arm, own]) => {
    const samples = own.flatMap((leg) => leg.samples);
    const failed = samples.filter(({ outcome }) => outcome !== "completed" && outcome !== "aborted");
    const classes = Map.groupBy(failed, ({ outcome, status }) =>
      outcome === "http-error" ? `status ${status}` : outcome,
    );
    return [...classes].map(([name, members]) => ({
      arm,
      class: name,
      count: members.length,
      of: samples.length,
      first: members[0]?.error ?? null,
    }));
  });
}

/** Verdicts with which the numbers of a tax stand, whatever else is said of them. */
const bearable: ReadonlySet<string> = new Set(["client-limited", "no-metrics", "not-drained"]);

/** A server without counters lacks them in every turn of every arm. */
function inOurWords(reason: VerdictReason): VerdictReason {
  if (reason.verdict !== "no-metrics") return reason;
  const detail =
    "the raw server tells no token counts at /metrics, so it is not proven that the gateway leads to it";
  return { ...reason, detail };
}

export interface TaxJudgement {
  /** Nothing speaks against the numbers. */
  readonly usable: boolean;
  /** Why not, worst first. */
  readonly against: readonly string[];
  /** What a reader should know of numbers that stand. */
  readonly doubts: readonly string[];
}

/** Whether the numbers may be used, and whether what came out of the gateway is what went in. */
export function judgeTax(
  report: Pick<ReplayReport, "reasons">,
  facts: {
    readonly alterations: AlterationCheck;
    readonly refused: readonly string[];
    readonly findings: TaxFindings;
  },
): TaxJudgement {
  const said = (reasons: readonly VerdictReason[]) => [
    ...new Map(reasons.map(({ verdict, detail }) => [verdict, `${verdict}: ${detail}`])).values(),
  ];
  const { alterations, refused, findings } = facts;
  const changed = alterations.findings.filter(({ content }) => content);
  const nothing = findings.loads.every(({ added }) => added.whole.interval === null);
  const against = [
    ...said(report.reasons.filter(({ verdict }) => !bearable.has(verdict))),
    ...refused.map((what) => `the gateway refused ${what}`),
    ...changed.map(({ question, what }) => `answer-altered: ${question}: ${what}`),
    ...(nothing ? ["no interval: too few pairs of requests in too few blocks"] : []),
  ];
  return {
    usable: against.length === 0,
    against,
    doubts: said(report.reasons.filter(({ verdict }) => bearable.has(verdict)).map(inOurWords)),
  };
}
