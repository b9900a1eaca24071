import { cellFidelity, fidelityReasons } from "../cell/cell-fidelity.ts";
import { loadMetrics, type LoadMetric } from "../../load/latency.ts";
import type { LoadSample } from "../../load/load.ts";
import { meanOf } from "../../statistics/distribution.ts";
import type { Interval } from "../../statistics/interval.ts";
import { findMargin, marginMs, parseMargin, type MarginFinding } from "../../statistics/margin.ts";
import { pairedDifference } from "../../statistics/paired.ts";
import { meanOrNull, pairedMeans, type MeasuredPair } from "../estimates/paired-means.ts";
import type { StreamingKind } from "../../store/preflight-record.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../../store/replay-plan.ts";
import { whyFirstTokensDiffer } from "../../evidence/inner-endpoint.ts";
import type { LegEvidence } from "../../evidence/leg-evidence.ts";
import { atOnceShare, spreadShare, tellingTokens, tokenSpread } from "../../evidence/token-spread.ts";
import {
  percentileDifferences,
  type TailMetric,
  type PercentileDifferences,
} from "./percentile-differences.ts";
import {
  dropReasons,
  pairRequests,
  type DropReason,
  type PairedBlock,
  type PairedRequest,
} from "./paired-requests.ts";

/** Mean difference (arm - baseline), milliseconds, with its interval over blocks. */
export interface ReplayDifference {
  readonly interval: Interval | null;
  /** Requests (or sessions) in all blocks together. */
  readonly count: number;
  readonly baselineMean: number | null;
  readonly armMean: number | null;
  /** Over the blocks' median differences; only where it was asked for. */
  readonly median?: Interval | null;
  /** Against the margin that was declared; null when none was, or for a metric that it is not about. */
  readonly margin: (MarginFinding & { readonly limitMs: number }) | null;
}

export const comparedMetrics = [
  "ttft",
  "itl",
  "e2e",
  "toFirstByte",
  "byteToToken",
  "betweenTokens",
  "afterTokens",
] as const satisfies readonly LoadMetric[];
export type ComparedMetric = (typeof comparedMetrics)[number];

/** Prompt sizes that are looked at separately, tokens; the upper bound is excluded. */
export const promptStrata = [
  [0, 1_000],
  [1_000, 4_000],
  [4_000, 16_000],
  [16_000, Number.POSITIVE_INFINITY],
] as const;

/** One arm against the baseline in one setting. */
export interface ArmComparison {
  readonly setting: ReplaySetting;
  readonly arm: ReplayArm;
  readonly blocks: number;
  readonly metrics: Readonly<Record<ComparedMetric, ReplayDifference>>;
  /** Sum of the end-to-end times of a conversation's requests. */
  readonly session: ReplayDifference;
  readonly tails: Readonly<Record<TailMetric, PercentileDifferences>>;
  /** Between the taps: (outer - inner) of the arm minus that of the baseline. null: the inner hop is unavailable. */
  readonly path: Readonly<Record<PathMetric, ReplayDifference>> | null;
  /** Why first byte and first token between the taps have no numbers; absent where they can be compared. */
  readonly firstTokenRefused?: string;
  readonly strata: readonly { readonly from: number; readonly to: number; readonly e2e: ReplayDifference }[];
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly otherText: number;
  /** What the arm or the baseline altered: then nothing is comparable, and there are no differences. */
  readonly altered?: string;
  /** Mean over the paired requests: how much of a prompt the engine did not compute again. null where it does not tell. */
  readonly cachedTokens: { readonly baseline: number; readonly arm: number } | null;
  /** Tokens of this arm arrive all at the end although the baseline's do not: no time to first token, no ITL. */
  readonly streaming: "comparable" | "simulated" | "unknown";
}

export const pathMetrics = ["firstByteMs", "firstTokenMs", "wholeMs"] as const;
export type PathMetric = (typeof pathMetrics)[number];

export interface ComparisonOptions {
  readonly confidence: number;
  /** `±1ms`, `±1%` of the baseline's mean; null for none. */
  readonly margin: string | null;
  /** Whether differences have their median, too. */
  readonly median?: boolean;
}

/** Every arm but the first against the first, over the blocks that are complete. Pure. */
export function compareReplay(
  legs: readonly LegEvidence[],
  plan: Pick<ReplayPlan, "arms" | "settings">,
  options: ComparisonOptions,
): readonly ArmComparison[] {
  const [baseline, ...others] = plan.arms;
  if (baseline === undefined) return [];
  return plan.settings.flatMap((setting) => {
    const blocks = completeBlocks(legs, setting, plan.arms);
    return others.map((arm) => compareArm({ setting, baseline, arm, blocks }, options));
  });
}

/** Requests or answers that were altered are others than those of the other arm: no difference in time is the arm's. */
function whyAltered(legs: readonly LegEvidence[]): readonly string[] {
  return fidelityReasons(cellFidelity(legs.map(({ fidelity }) => fidelity))).map(
    ({ verdict, detail }) => `${verdict}: ${detail}`,
  );
}

/** Blocks in which every arm had both its turns to the end. */
export function completeBlocks(
  legs: readonly LegEvidence[],
  setting: ReplaySetting,
  arms: readonly ReplayArm[],
): readonly (readonly LegEvidence[])[] {
  const own = legs.filter((leg) => leg.setting.key === setting.key && leg.complete);
  return [...Map.groupBy(own, ({ block }) => block).values()]
    .filter((block) => block.length === 2 * arms.length)
    .map((block) => block.toSorted((a, b) => a.position - b.position));
}

interface ArmBlocks {
  readonly setting: ReplaySetting;
  readonly baseline: ReplayArm;
  readonly arm: ReplayArm;
  readonly blocks: readonly (readonly LegEvidence[])[];
}

function compareArm(
  { setting, baseline, arm, blocks }: ArmBlocks,
  options: ComparisonOptions,
): ArmComparison {
  const turns = blocks.map((block) => ({
    base: block.filter((leg) => leg.arm.label === baseline.label),
    target: block.filter((leg) => leg.arm.label === arm.label),
  }));
  const [altered] = [baseline, arm].flatMap(({ label }) =>
    whyAltered(blocks.flat().filter((leg) => leg.arm.label === label)),
  );
  const pairedTurns = turns.map(({ base, target }) =>
    pairRequests(
      base.map(({ samples }) => samples),
      target.map(({ samples }) => samples),
    ),
  );
  const paired =
    altered === undefined
      ? pairedTurns
      : pairedTurns.map((block) => ({ ...block, paired: [], sessions: new Set<string>() }));
  const streaming = streamingOf(paired);
  const firstTokenRefused = whyFirstTokensDiffer(
    endpointsOf(turns.flatMap(({ base }) => base)),
    endpointsOf(turns.flatMap(({ target }) => target)),
  );
  const streamed = streaming === "simulated" ? [] : paired;
  const metrics = Object.fromEntries(
    comparedMetrics.map((metric) => {
      const tokens = metric !== "e2e" && metric !== "toFirstByte";
      const requests = paired.map((block) => (tokens && streaming === "simulated" ? [] : block.paired));
      return [metric, requestDifference(requests, metric, options)];
    }),
  ) as Record<ComparedMetric, ReplayDifference>;
  return {
    setting,
    arm,
    blocks: blocks.length,
    metrics,
    session: sessionDifference(paired, options),
    tails: {
      ttft: percentileDifferences(streamed, "ttft", options),
      e2e: percentileDifferences(paired, "e2e", options),
    },
    ...(altered === undefined ? {} : { altered }),
    path:
      altered === undefined && turns.every(({ base, target }) => [...base, ...target].every(isInnerTapped))
        ? pathDifferences(turns, { arm, options, firsts: firstTokenRefused === null })
        : null,
    ...(firstTokenRefused !== null && { firstTokenRefused }),
    strata: promptStrata.flatMap(([from, to]) => {
      const within = paired.map((block) =>
        block.paired.filter(({ promptTokens }) => promptTokens >= from && promptTokens < to),
      );
      return within.flat().length === 0 ? [] : [{ from, to, e2e: requestDifference(within, "e2e", options) }];
    }),
    dropped: Object.fromEntries(
      dropReasons.map((reason) => [reason, paired.reduce((sum, block) => sum + block.dropped[reason], 0)]),
    ) as Record<DropReason, number>,
    otherText: paired.reduce((sum, block) => sum + block.otherText, 0),
    cachedTokens: cachedTokensOf(paired),
    streaming: storedStreaming(streaming),
  };
}

/** A difference of what a client waits for, over a part of the requests. */
export interface GroupDifference {
  readonly ttft: ReplayDifference;
  readonly e2e: ReplayDifference;
}

/**
 * One arm against another in one setting, for each group of requests by itself: those of a turn, those of a size. Groups
 * stand in the order in which they are met. Pure.
 */
export function compareGroups(
  legs: readonly LegEvidence[],
  between: { readonly setting: ReplaySetting; readonly arms: readonly [ReplayArm, ReplayArm] },
  options: ComparisonOptions & { readonly groupOf: (request: PairedRequest) => string },
): ReadonlyMap<string, GroupDifference> {
  const { setting, arms } = between;
  const labels = arms.map(({ label }) => label);
  const blocks = completeBlocks(
    legs.filter(({ arm }) => labels.includes(arm.label)),
    setting,
    arms,
  ).map((block) => {
    const [base, target] = labels.map((label) =>
      block.filter(({ arm }) => arm.label === label).map(({ samples }) => samples),
    );
    return pairRequests(base ?? [], target ?? []);
  });
  const groups = new Set(blocks.flatMap(({ paired }) => paired.map(options.groupOf)));
  return new Map(
    [...groups].map((group) => {
      const own = blocks.map(({ paired }) => paired.filter((request) => options.groupOf(request) === group));
      const streamed = streamingOf(blocks) === "simulated" ? [] : own;
      return [
        group,
        {
          ttft: requestDifference(streamed, "ttft", options),
          e2e: requestDifference(own, "e2e", options),
        },
      ];
    }),
  );
}

function cachedTokensOf(blocks: readonly PairedBlock[]): ArmComparison["cachedTokens"] {
  const mean = (of: (request: PairedRequest) => readonly LoadSample[]) => {
    const cached = blocks.flatMap(({ paired }) =>
      paired.flatMap((request) => of(request).map(({ usage }) => usage?.cachedTokens ?? null)),
    );
    const known = cached.filter((tokens) => tokens !== null);
    return known.length === 0 || known.length < cached.length ? null : meanOf(known);
  };
  const [baseline, arm] = [mean(({ baseline }) => baseline), mean(({ arm }) => arm)];
  return baseline === null || arm === null ? null : { baseline, arm };
}

function requestDifference(
  blocks: readonly (readonly PairedRequest[])[],
  metric: ComparedMetric,
  options: ComparisonOptions,
): ReplayDifference {
  const value = loadMetrics[metric];
  const margin = metric === "e2e" ? options.margin : null;
  const pairs = blocks.flatMap((requests, unit) =>
    requests.flatMap(({ baseline, arm }) => pairOf(meanOfAll(baseline, value), meanOfAll(arm, value), unit)),
  );
  return differenceOf(pairs, { ...options, margin });
}

/** What is known of both arms. */
function pairOf(base: number | null, target: number | null, unit: number): readonly MeasuredPair[] {
  return base === null || target === null ? [] : [{ base, target, unit }];
}

function sessionDifference(blocks: readonly PairedBlock[], options: ComparisonOptions): ReplayDifference {
  const pairs = blocks.flatMap(({ paired, sessions }, unit) =>
    [...Map.groupBy(paired, ({ session }) => session)].flatMap(([session, requests]) => {
      if (!sessions.has(session)) return [];
      const sum = (of: (request: PairedRequest) => readonly LoadSample[]) =>
        requests.reduce(
          (total, request) => total + (meanOfAll(of(request), loadMetrics.e2e) ?? Number.NaN),
          0,
        );
      return [{ base: sum(({ baseline }) => baseline), target: sum(({ arm }) => arm), unit }];
    }),
  );
  return differenceOf(pairs, { ...options, margin: null });
}

/** A gateway whose upstream could not be set is seen from one side only. */
function isInnerTapped({ timings }: LegEvidence): boolean {
  return timings.some(({ hop }) => hop === "inner");
}

/** One value per block: a joined request need not be one that was paired between the arms. */
function pathDifferences(
  turns: readonly { readonly base: readonly LegEvidence[]; readonly target: readonly LegEvidence[] }[],
  {
    arm,
    options,
    firsts,
  }: {
    readonly arm: ReplayArm;
    readonly options: ComparisonOptions;
    /** Whether first bytes and first tokens can be compared. */
    readonly firsts: boolean;
  },
): Readonly<Record<PathMetric, ReplayDifference>> {
  const simulated = turns.some(({ target }) => target.some(({ path }) => path.streaming === "simulated"));
  return Object.fromEntries(
    pathMetrics.map((metric) => {
      const late = metric === "firstTokenMs" && simulated && arm.part !== "baseline";
      const hidden = late || (metric !== "wholeMs" && !firsts);
      const pairs = turns.flatMap(({ base, target }, unit) =>
        hidden ? [] : pairOf(pathMean(base, metric), pathMean(target, metric), unit),
      );
      return [metric, differenceOf(pairs, { ...options, margin: null })];
    }),
  ) as Record<PathMetric, ReplayDifference>;
}

function endpointsOf(legs: readonly LegEvidence[]): readonly string[] {
  return legs.flatMap(({ path }) => path.endpoints);
}

function pathMean(legs: readonly LegEvidence[], metric: PathMetric): number | null {
  return meanOrNull(legs.flatMap(({ path }) => path.samples.flatMap((sample) => sample[metric] ?? [])));
}

function differenceOf(pairs: readonly MeasuredPair[], options: ComparisonOptions): ReplayDifference {
  const { interval, count, baselineMean, armMean, units } = pairedMeans(pairs, options.confidence);
  const margin = parseMargin(options.margin ?? "");
  const limitMs = margin === null ? null : marginMs(margin, baselineMean);
  return {
    interval,
    count,
    baselineMean,
    armMean,
    ...(options.median && { median: pairedDifference(units, { ...options, centre: "median" }) }),
    margin: limitMs === null || interval === null ? null : { ...findMargin(interval, limitMs), limitMs },
  };
}

/** Mean over a request's turns; null unless all of them have the value. */
function meanOfAll(
  samples: readonly LoadSample[],
  value: (sample: LoadSample) => number | null,
): number | null {
  const values = samples.flatMap((sample) => value(sample) ?? []);
  return values.length < samples.length || values.length === 0 ? null : meanOf(values);
}

/** In the words of `report.json`. */
function storedStreaming(kind: StreamingKind | null): ArmComparison["streaming"] {
  if (kind === null) return "unknown";
  return kind === "real" ? "comparable" : "simulated";
}

/** Fewer requests say little about an arm. */
const tellingRequests = 3;

/** Judged by requests whose tokens the baseline sends one by one; many servers send tool calls, for one, in one piece. */
function streamingOf(blocks: readonly PairedBlock[]): StreamingKind | null {
  const telling = blocks.flatMap(({ paired }) =>
    paired.filter(
      ({ baseline, arm }) =>
        [...baseline, ...arm].every(
          ({ streamed, usage }) => streamed && (usage?.completionTokens ?? 0) >= tellingTokens,
        ) && (tokenSpread(baseline) ?? 0) > spreadShare,
    ),
  );
  const target = tokenSpread(telling.flatMap(({ arm }) => arm));
  if (target === null || telling.length < tellingRequests) return null;
  return target < atOnceShare ? "simulated" : "real";
}
