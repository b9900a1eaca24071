import type { Slo, SloMeasure, SloStatistic } from "../../config/slo-schema.ts";
import type { SegmentEvidence } from "../../evidence/segment-evidence.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { meanOf, percentile } from "../../statistics/distribution.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import type { CellSummary } from "../cell/cell-summary.ts";
import type { Verdict } from "../cell/verdict.ts";
import type { ClusteredValue } from "../estimates/cluster-interval.ts";
import { taskKey } from "../estimates/pass-rate.ts";
import { endedWithin, meanInFlight, steadyWindow, type Window } from "./steady-window.ts";

/** Whether a task was passed, once. */
export interface Outcome {
  readonly task: string;
  readonly passed: boolean;
}

/** What of a measured cell limits are held against. */
export interface ObservedCell {
  readonly cellId: string;
  readonly arm: string;
  readonly armKind: string;
  readonly load: string;
  readonly concurrency: number | null;
  readonly repetition: number;
  readonly variant?: string | undefined;
  /** Milliseconds, with the episode that each comes from. */
  readonly values: Readonly<Record<SloMeasure, readonly ClusteredValue[]>>;
  readonly outcomes: readonly Outcome[];
  /** In which the values were measured; null where there is no such time. */
  readonly seconds: number | null;
  /** Episodes that ended in it without a failure, and of them those that kept every limit themselves. */
  readonly episodes: number;
  readonly good: number;
  /** Why the limits are broken, whatever its times are; null where nothing says so. */
  readonly spoiled: string | null;
  /** Why its times say nothing; null where they do. */
  readonly unusable: string | null;
  /** Episodes in flight while its load was held, mean over time; null where it never was. */
  readonly inFlight: number | null;
  /** Why limits that it keeps say nothing about its load: fewer were in flight; null where they were. */
  readonly unheld: string | null;
  /** Why what it says of the service may be of something else. */
  readonly doubt: string | null;
}

interface CellFacts {
  readonly summary: CellSummary;
  readonly segments: readonly SegmentEvidence[];
  /** The records that count. */
  readonly episodes: readonly EpisodeRecord[];
}

/** @param part `whole`: as the tables of a report; `steady`: only while the load was held, see `steadyWindow` */
export function observeCell(
  { summary, ...cell }: CellFacts,
  slo: Slo,
  part: "whole" | "steady",
): ObservedCell {
  const { cellId, arm, armKind, load, concurrency, repetition, variant } = summary;
  const used = new Set(summary.segments.filter((use) => use.used).map(({ segmentId }) => segmentId));
  const parts = cell.segments
    .filter(({ segment }) => used.has(segment.segmentId))
    .flatMap((evidence) => partOf(evidence, { ...cell, part, inFlight: concurrency ?? 1 }) ?? []);
  const inFlight = inFlightOf(parts);
  const unheld = unheldText(inFlight, concurrency);
  const reasons = reasonsOf(summary, parts.length > 0);
  const episodes = parts.flatMap((one) => one.episodes);
  const timings = parts.flatMap((one) => one.timings);
  const byEpisode = Map.groupBy(timings, ({ episodeId }) => episodeId);
  const request = (of: (timing: TapTiming) => number | null) =>
    timings.flatMap((timing): ClusteredValue[] => {
      const value = of(timing);
      return value === null ? [] : [{ value, cluster: timing.attemptKey ?? timing.requestId }];
    });
  return {
    cellId,
    arm,
    armKind,
    load,
    concurrency,
    repetition,
    ...(variant !== undefined && { variant }),
    values: {
      ttft: request(tapLatencies.ttft),
      itl: request(tapLatencies.itl),
      e2e: request(tapLatencies.e2e),
      episode: episodes.map((episode) => ({ value: lengthMs(episode), cluster: episode.episodeId })),
    },
    outcomes: cell.episodes.flatMap((episode) => {
      const passed = hasPassed(episode);
      return passed === null ? [] : [{ task: taskKey(episode), passed }];
    }),
    seconds: parts.length === 0 ? null : parts.reduce((sum, { seconds }) => sum + seconds, 0),
    episodes: episodes.length,
    good: episodes.filter((episode) => isGood(episode, byEpisode.get(episode.episodeId) ?? [], slo)).length,
    ...reasons,
    inFlight,
    // The numbers of a sweep are those of whole cells, with how many were in flight beside them.
    unheld: part === "steady" ? unheld : null,
    doubt: reasons.doubt ?? (part === "whole" ? unheld : null),
  };
}

/** Below this share of its load a cell says nothing about it. */
const heldMin = 0.8;

function unheldText(inFlight: number | null, load: number | null): string | null {
  if (inFlight === null || load === null || inFlight >= heldMin * load) return null;
  return `the load was not held: ${inFlight.toFixed(1)} of ${load} episodes were in flight, for this machine needs long between two of them`;
}

function inFlightOf(parts: readonly Part[]): number | null {
  const known = parts.filter(({ inFlight }) => inFlight !== null);
  const seconds = known.reduce((sum, part) => sum + part.seconds, 0);
  if (seconds === 0) return null;
  return known.reduce((sum, part) => sum + (part.inFlight ?? 0) * part.seconds, 0) / seconds;
}

interface Part {
  readonly seconds: number;
  /** null without a time in which the load was held. */
  readonly inFlight: number | null;
  readonly episodes: readonly EpisodeRecord[];
  /** Answered generations at the outer tap. */
  readonly timings: readonly TapTiming[];
}

function partOf(
  { segment, timings }: SegmentEvidence,
  of: Pick<CellFacts, "episodes"> & { readonly part: "whole" | "steady"; readonly inFlight: number },
): Part | null {
  const within = of.episodes.filter(({ segmentId }) => segmentId === segment.segmentId);
  const steady = steadyWindow(within, of.inFlight);
  const window = of.part === "whole" ? null : steady;
  if (segment.ended === null || (of.part === "steady" && window === null)) return null;
  const { startNs, endNs }: Window = window ?? { startNs: segment.startedNs, endNs: segment.ended.endedNs };
  return {
    seconds: (endNs - startNs) / 1e9,
    inFlight: steady === null ? null : meanInFlight(steady, within),
    episodes: within.filter((episode) => episode.status !== "failed" && endedWithin(window, episode)),
    timings: timings.filter(
      (timing) =>
        timing.hop === "outer" &&
        isGenerationRequest(timing) &&
        isAnswered(timing) &&
        endedWithin(window, timing),
    ),
  };
}

function lengthMs({ startedNs, endedNs }: EpisodeRecord): number {
  return (endedNs - startedNs) / 1e6;
}

/** Every limit is held against the episode's own requests, by its own statistic. */
function isGood(episode: EpisodeRecord, timings: readonly TapTiming[], { times }: Slo): boolean {
  return times.every(({ measure, statistic, limitMs }) => {
    if (measure === "episode") return lengthMs(episode) <= limitMs;
    const of = tapLatencies[measure];
    const values = timings.flatMap((timing) => of(timing) ?? []);
    return values.length === 0 || statisticOf(values, statistic) <= limitMs;
  });
}

export const shares: Readonly<Record<Exclude<SloStatistic, "mean">, number>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
};

/** Of at least one value, however few they are. */
export function statisticOf(values: readonly number[], statistic: SloStatistic): number {
  return statistic === "mean" ? meanOf(values) : (percentile(values, shares[statistic]) ?? Number.NaN);
}

/** To refuse or to die is no way to hold a promise. */
const broken: ReadonlySet<Verdict> = new Set(["failing", "engine-died"]);
/** Other work was done, or not all of it. */
const saysNothing: ReadonlySet<Verdict> = new Set([
  "different-engines",
  "engine-restarted",
  "interrupted",
  "request-altered",
  "answer-altered",
]);

function reasonsOf(
  { reasons }: CellSummary,
  measured: boolean,
): Pick<ObservedCell, "spoiled" | "unusable" | "doubt"> {
  const first = (of: (verdict: Verdict) => boolean) => {
    const found = reasons.find(({ verdict }) => of(verdict));
    return found === undefined ? null : `${found.verdict}: ${found.detail}`;
  };
  const spoiled = first((verdict) => broken.has(verdict));
  const unusable = first((verdict) => saysNothing.has(verdict));
  return {
    spoiled,
    unusable: spoiled === null ? (unusable ?? (measured ? null : "the load was not held long enough")) : null,
    doubt: first((verdict) => verdict === "client-limited"),
  };
}
