import { z } from "zod";
import { checkLittle } from "../../statistics/little.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { pressureSchema } from "../../store/segment-facts.ts";
import { besideSchema, engineLatencies } from "./engine-latencies.ts";
import { engineReadingsSchema, engineReadings } from "./engine-readings.ts";
import { counted, estimateSchema, ratio, type Estimate } from "../estimates/estimate.ts";
import { coverageOf, coverageSchema } from "../estimates/coverage.ts";
import { latencyOf, latencySchema, summarizeClustered } from "../estimates/latency.ts";
import { passHatK, passRate, taskKey } from "../estimates/pass-rate.ts";
import { segmentUseSchema } from "./segment-choice.ts";
import type { SegmentEvidence } from "../../evidence/segment-evidence.ts";
import { failureGroupSchema } from "./failures.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import type { TapTiming } from "../../evidence/tap-timing.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { tokenCheckSchema } from "../tokens/token-check.ts";
import { tokenSumsSchema, wasteOf, wasteSchema } from "../tokens/token-sums.ts";
import { cellFidelitySchema } from "./cell-fidelity.ts";
import { overTime, overTimeSchema } from "./over-time.ts";
import { ttftGroups, ttftGroupsSchema } from "./ttft-groups.ts";
import { judgeEvidence, type CellEvidence } from "./judged-evidence.ts";
import { verdictReasonSchema, verdicts } from "./verdict.ts";

/**
 * All that tables and comparisons need to know about a cell, computed from records and evidence alone. Rewards are over
 * every finished episode; rates, latencies and counters only over segments that ran to their end (`segments[].used`).
 */
export const cellSummarySchema = z.object({
  v: z.literal(1),
  cellId: z.string(),
  arm: z.string(),
  armKind: z.string(),
  load: z.string(),
  concurrency: z.number().int().nullable(),
  repetition: z.number().int(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  simulated: z.boolean(),
  verdict: z.enum(verdicts),
  reasons: z.array(verdictReasonSchema),
  episodes: z.object({
    planned: z.number().int(),
    finished: z.number().int(),
    byStatus: z.record(z.string(), z.number().int()),
    byFailureClass: z.record(z.string(), z.number().int()),
    byTermination: z.record(z.string(), z.number().int()),
    byLabel: z.record(z.string(), z.number().int()),
    judged: z.number().int(),
    passed: z.number().int(),
    /** Finished, not failed, and without a reward: nothing in Tollgate may judge them. */
    unjudged: z.number().int(),
    /** Failed episodes by class, most first; absent where none failed. */
    failures: z.array(failureGroupSchema).optional(),
    /** Completed episodes whose agent gave up, where it is known why; absent where there are none. */
    agentErrors: z.array(failureGroupSchema).optional(),
  }),
  /** Without a value in a failing cell, like pass^k and the mean reward: who is left over is no sample of the tasks. */
  passRate: estimateSchema,
  passHatK: z.array(
    z.object({
      k: z.number().int(),
      value: z.number().nullable(),
      tasks: z.number().int(),
      low: z.number().nullable(),
      high: z.number().nullable(),
    }),
  ),
  meanReward: estimateSchema,
  /** How much of the workload's data these outcomes are of; absent where nothing says what the whole would be. */
  coverage: coverageSchema.optional(),
  segments: z.array(segmentUseSchema),
  /** Wall clock of the used segments, in seconds; null when there is none. */
  seconds: z.number().nullable(),
  rates: z.object({
    episodesPerMinute: estimateSchema,
    trajectoriesPerHour: estimateSchema,
    requestsPerSecond: estimateSchema,
    inputTokensPerSecond: estimateSchema,
    outputTokensPerSecond: estimateSchema,
  }),
  /** Means over time: episodes from their records, requests by Little's law at the outer tap. */
  inFlight: z.object({
    episodes: z.number().nullable(),
    requests: z.number().nullable(),
    /** Requests in flight / (their rate x their mean stay) - 1: 0 unless requests or stamps are missing. */
    discrepancy: z.number().nullable(),
  }),
  ttftMs: latencySchema,
  itlMs: latencySchema,
  e2eMs: latencySchema,
  episodeSeconds: latencySchema,
  /** Absent where no answer has a first token, and in summaries of an older Tollgate. */
  ttftGroups: ttftGroupsSchema.optional(),
  /** Absent where no segment ran to its end, and in summaries of an older Tollgate. */
  overTime: overTimeSchema.optional(),
  agentEngine: engineReadingsSchema.nullable(),
  userEngine: engineReadingsSchema.nullable(),
  /** The agent engine's own latencies beside those of the tap in front of it; absent where the engine has none. */
  engineLatencies: z.array(besideSchema).optional(),
  /** The engine process behind the arm, as the driver identified it; null where it could not. */
  agentEngineIdentity: z.string().nullable(),
  outer: tokenSumsSchema,
  inner: tokenSumsSchema,
  tokenCheck: tokenCheckSchema,
  /** What the two sides of the arm differ in; absent where nothing was compared. */
  fidelity: cellFidelitySchema.optional(),
  /** Requests that a server closed a connection on without reading them, sent once more; absent where there were none. */
  sentAgain: z.object({ requests: z.number().int(), first: z.string() }).optional(),
  waste: wasteSchema,
  /** Means over episodes, milliseconds; null for an arm without sessions. */
  sessionMs: z.object({ start: estimateSchema, reward: estimateSchema, export: estimateSchema }).nullable(),
  /** What the gateway still held after the last segment; absent where it could not be asked. */
  gatewayLeftovers: z.object({ sessions: z.number(), tensors: z.number().nullable() }).optional(),
  pressure: z.array(pressureSchema),
});
export type CellSummary = z.infer<typeof cellSummarySchema>;

/** Pure: the same evidence gives the same summary. */
export function summarizeCell(evidence: CellEvidence): CellSummary {
  const { cell, episodes } = evidence;
  const judged = judgeEvidence(evidence);
  const { uses, used, timings, agentEngine, measured, counts, seconds, outer, inner, whole } = judged;
  const allTimings = evidence.segments.flatMap((segment) => segment.timings);
  const outerTimings = timings.filter(({ hop }) => hop === "outer");
  return {
    v: 1,
    cellId: cell.cellId,
    arm: cell.arm,
    armKind: cell.armKind,
    load: cell.load,
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    ...(cell.variant !== undefined && { variant: cell.variant }),
    simulated: evidence.simulated,
    ...judged.judgement,
    episodes: counts,
    ...(judged.failing === null ? outcomesOf(episodes) : withoutOutcomes(counts.judged)),
    ...(evidence.coverage && { coverage: coverageOf(evidence.coverage, episodes) }),
    segments: uses,
    seconds,
    rates: judged.rates,
    inFlight: { episodes: episodesInFlight(measured, seconds), ...requestsInFlight(used, seconds) },
    ttftMs: latencyOf(outerTimings, tapLatencies.ttft),
    itlMs: latencyOf(outerTimings, tapLatencies.itl),
    e2eMs: latencyOf(outerTimings, tapLatencies.e2e),
    episodeSeconds: summarizeClustered(whole.map(durationOf)),
    ...shownOverTime(used),
    agentEngine,
    userEngine: engineReadings(used.map(({ userEngine }) => userEngine)),
    ...besideOf(used),
    agentEngineIdentity: engineIdentity(used),
    outer,
    inner,
    tokenCheck: judged.tokenCheck,
    ...judged.fidelity,
    ...sentAgainOf(timings),
    waste: wasteOf(allTimings, evidence.recordedAttempts),
    sessionMs: sessionMs(measured),
    ...unclosedSessionsOf(evidence.segments),
    pressure: judged.pressure,
  };
}

function shownOverTime(used: readonly SegmentEvidence[]): Pick<CellSummary, "ttftGroups" | "overTime"> {
  const groups = ttftGroups(used.flatMap(({ timings }) => timings));
  const series = overTime(used);
  return { ...(groups !== null && { ttftGroups: groups }), ...(series !== null && { overTime: series }) };
}

type Outcomes = Pick<CellSummary, "passRate" | "passHatK" | "meanReward">;

function outcomesOf(episodes: readonly EpisodeRecord[]): Outcomes {
  return {
    passRate: passRate(episodes),
    passHatK: [...passHatK(episodes)],
    meanReward: meanReward(episodes),
  };
}

function withoutOutcomes(judged: number): Outcomes {
  return { passRate: counted(null, judged), passHatK: [], meanReward: counted(null, judged) };
}

function sentAgainOf(timings: readonly TapTiming[]): Pick<CellSummary, "sentAgain"> {
  const again = timings.flatMap(({ sentAgain }) => sentAgain ?? []);
  const [first] = again;
  return first === undefined ? {} : { sentAgain: { requests: again.length, first: first.error } };
}

function besideOf(used: readonly SegmentEvidence[]): Pick<CellSummary, "engineLatencies"> {
  const rows = engineLatencies(
    used.map(({ agentEngine }) => agentEngine),
    used.flatMap(({ timings }) => timings),
  );
  return rows.length === 0 ? {} : { engineLatencies: [...rows] };
}

function unclosedSessionsOf(segments: readonly SegmentEvidence[]): Pick<CellSummary, "gatewayLeftovers"> {
  const leftovers = segments.findLast(({ facts }) => facts !== null)?.facts?.gatewayLeftovers;
  return leftovers === undefined ? {} : { gatewayLeftovers: leftovers };
}

/** Several processes in one cell are all named, so that the cell equals no other one. */
function engineIdentity(used: readonly SegmentEvidence[]): string | null {
  const identities = new Set(used.map(({ facts }) => facts?.engineIdentity?.["agent"]));
  if (identities.has(undefined)) return null;
  return identities.size === 0 ? null : [...identities].join(" and then ");
}

function meanReward(episodes: readonly EpisodeRecord[]): Estimate {
  const rewards = episodes.flatMap((episode) =>
    episode.reward === null ? [] : [{ value: episode.reward, cluster: taskKey(episode) }],
  );
  return summarizeClustered(rewards).mean;
}

function durationOf({ episodeId, startedNs, endedNs }: EpisodeRecord) {
  return { value: (endedNs - startedNs) / 1e9, cluster: episodeId };
}

function episodesInFlight(episodes: readonly EpisodeRecord[], seconds: number | null): number | null {
  const busySeconds = episodes.reduce((sum, episode) => sum + durationOf(episode).value, 0);
  return ratio(busySeconds, seconds);
}

/** Little's law over all used segments: both sides are weighted with the segments' lengths. */
function requestsInFlight(used: readonly SegmentEvidence[], seconds: number | null) {
  let [present, expected] = [0, 0];
  for (const { segment, timings } of used) {
    if (segment.ended === null) continue;
    const window = { startNs: segment.startedNs, endNs: segment.ended.endedNs };
    const stays = timings.filter(
      (timing: TapTiming) => timing.hop === "outer" && isGenerationRequest(timing),
    );
    const check = checkLittle(stays, window);
    if (check === null) continue;
    const lengthSeconds = (window.endNs - window.startNs) / 1e9;
    present += check.inFlight * lengthSeconds;
    expected += check.arrivalsPerSecond * check.stayMeanSeconds * lengthSeconds;
  }
  const quotient = ratio(present, expected);
  return { requests: ratio(present, seconds), discrepancy: quotient === null ? null : quotient - 1 };
}

function sessionMs(episodes: readonly EpisodeRecord[]): CellSummary["sessionMs"] {
  const sessions = episodes.flatMap(({ sessionMs, episodeId }) =>
    sessionMs === null ? [] : [{ ...sessionMs, cluster: episodeId }],
  );
  if (sessions.length === 0) return null;
  const mean = (field: "start" | "reward" | "export") =>
    summarizeClustered(
      sessions.flatMap((session) => {
        const value = session[field];
        return value === null ? [] : [{ value, cluster: session.cluster }];
      }),
    ).mean;
  return { start: mean("start"), reward: mean("reward"), export: mean("export") };
}
