import { identityHeaders } from "../workload/exchange.ts";
import { loggedTokensOf } from "../workload/logged-tokens.ts";
import type { Endpoint } from "../transcript/endpoint.ts";
import {
  rewardOf,
  type EpisodeResult,
  type Failure,
  type PreparedWorkload,
  type EvidenceFolder,
  type ToolCallLog,
} from "../workload/workload.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { ArmSpec } from "../config/arm-schema.ts";
import type { ArmSession, ClosedSession, RunningArm, RunningStack } from "../stack/stack.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import type { Clock } from "../measure/clock.ts";
import { loadOf, type Cell } from "../plan/cells.ts";
import { messageOf } from "../errors.ts";
import { callDifference, type ExecutedCall } from "../workload/call-check.ts";
import { failedBy } from "../workload/failed-by.ts";
import { notStarted } from "../workload/not-started.ts";
import type { FailureWatch } from "./failure-watch.ts";
import { attributeFailure, attributeUserFailure } from "./failure-attribution.ts";
import { SeenExchanges, type SeenLatencies } from "./seen-exchanges.ts";
import type { PlannedEpisode } from "../plan/run-plan.ts";

/** Label of an episode whose gateway recorded fewer calls than were made, or did not say what it recorded. */
export const recordIncomplete = "gateway-record-incomplete";

/** What playing an episode uses, whether it is stored or not. */
export interface PlayParts {
  readonly stack: RunningStack;
  readonly prepared: Pick<PreparedWorkload, "attempt">;
  readonly clock: Clock;
  readonly limits: { readonly callMs: number };
  readonly tell: (text: string) => void;
}

/** What an attempt at an episode uses of its run. */
export interface AttemptParts extends PlayParts {
  readonly run: Pick<RunDirectory, "path" | "segmentDirectory" | "append" | "writeFile" | "appendEpisode">;
  readonly agent: EpisodeRecord["agent"];
  readonly stop: { admits(): boolean };
  readonly failures: Pick<FailureWatch, "admits">;
  /** How often an episode is tried again that a failed part ended. */
  readonly retriesMax: number;
}

/** Where an episode is played. */
export interface PlayContext {
  readonly arm: RunningArm;
  readonly signal: AbortSignal;
  readonly logToolCall: (line: ToolCallLog) => void;
  readonly evidence: EvidenceFolder;
}

export interface SegmentContext extends PlayContext {
  readonly cell: Cell;
  readonly segmentId: string;
  /** Told how long the requests of each attempt took that was not cancelled; absent: nobody watches. */
  readonly requestsSeen?: (latencies: readonly SeenLatencies[]) => void;
}

/**
 * Runs one episode in one arm and stores it: session, attempt, reward, then trajectory and record. A cancelled attempt is
 * not stored: it is no result, and a resumed run repeats it. When trajectories are collected, an attempt that a failed
 * part ended is tried again with a new session; only the last one is stored.
 */
export async function attemptEpisode(
  parts: AttemptParts,
  segment: SegmentContext,
  planned: PlannedEpisode,
): Promise<EpisodeRecord | null> {
  const { retriesMax } = parts;
  for (let retries = 0; ; retries += 1) {
    const attempted = await attemptOnce(parts, segment, { planned, retries });
    if (attempted === null) return null;
    const { result } = attempted;
    const lost = whatWasLost(result);
    const again =
      lost !== null &&
      retries < retriesMax &&
      parts.stop.admits() &&
      parts.failures.admits(segment.arm.spec.name) &&
      parts.stack.death(segment.arm.spec.name) === null;
    if (!again) return store(parts, segment, attempted);
    parts.tell(`episode ${planned.episodeId}: ${lost}; trying again, ${retries + 1} of ${retriesMax}`);
  }
}

/** What a failed part took from an episode; null when nothing. An episode without its recorded calls teaches nothing. */
function whatWasLost(result: EpisodeResult): string | null {
  if (result.status === "failed") return `${result.failure.class} failed (${result.failure.message})`;
  return result.labels.includes(recordIncomplete) ? "the gateway's record of it is incomplete" : null;
}

async function attemptOnce(
  parts: AttemptParts,
  segment: SegmentContext,
  { planned, retries }: { readonly planned: PlannedEpisode; readonly retries: number },
): Promise<Attempted | null> {
  const startedNs = parts.clock.nowNs();
  const attemptKey = `${planned.episodeId}-${segment.segmentId}${retries === 0 ? "" : `-r${retries}`}`;
  const played = await playEpisode(parts, segment, { planned, attemptKey });
  if (played.result.status === "cancelled") return null;
  segment.requestsSeen?.(played.usage.latencies);
  return { ...played, planned, attemptKey, startedNs, retries };
}

/** Session, attempt and reward of one episode; nothing of it is stored. */
export async function playEpisode(
  parts: PlayParts,
  segment: PlayContext,
  { planned, attemptKey }: { readonly planned: PlannedEpisode; readonly attemptKey: string },
): Promise<Played> {
  const usage = new SeenExchanges();
  const executed: ExecutedCall[] = [];
  const begun = { usage };
  const session = await openSession(segment.arm, attemptKey);
  if ("failure" in session) return { ...begun, result: session.failure, sessionMs: null, recorded: null };
  const headers = { [identityHeaders.episode]: planned.episodeId, [identityHeaders.attempt]: attemptKey };
  const attempted = await parts.prepared.attempt(planned.task, {
    episodeId: planned.episodeId,
    attemptKey,
    agent: {
      role: "agent",
      baseUrl: segment.arm.baseUrl,
      model: parts.stack.agentEngine.model,
      apiKey: session.opened.apiKey,
      headers,
    },
    user: userEndpoint(parts.stack, headers),
    takeExchanges: async () => usage.add(await parts.stack.tap.take(attemptKey, parts.limits.callMs)),
    logToolCall: (line) => {
      if (line.requestor === "assistant") executed.push(line);
      segment.logToolCall(line);
    },
    evidence: segment.evidence,
    signal: segment.signal,
  });
  usage.add(await parts.stack.tap.take(attemptKey, parts.limits.callMs));
  const result = blamed(sameCalls(attempted, executed), segment.arm.spec.kind, usage);
  const closing = await closeSession(session.opened, rewardOf(result)?.value ?? null);
  const warning = closing.warning ?? lostCalls(closing.closed, usage);
  if (warning) parts.tell(`episode ${planned.episodeId}: ${warning}`);
  const sessionMs = timesOf(session.opened, closing.closed);
  const labels = warning ? [...result.labels, recordIncomplete] : result.labels;
  return { ...begun, result: { ...result, labels }, sessionMs, recorded: closing.closed?.recorded ?? null };
}

function userEndpoint(
  { userBaseUrl, userEngine }: RunningStack,
  headers: Endpoint["headers"],
): Endpoint | null {
  if (userBaseUrl === null || userEngine === null) return null;
  const { model, apiKey } = userEngine;
  return { role: "user", baseUrl: userBaseUrl, model, apiKey, headers };
}

/**
 * Whoever judged the episode read the transcript: where the tool server did something else, that is nobody's reward. An
 * attempt that has a termination and was failed by the tool server came to its end and could not be judged, which such a
 * transcript explains.
 */
function sameCalls(result: EpisodeResult, executed: readonly ExecutedCall[]): EpisodeResult {
  const failure = result.status === "failed" && result.termination !== null ? result.failure : null;
  const unjudged = failure?.class === "tool-server" ? failure : null;
  if (!("scores" in result) && unjudged === null) return result;
  const difference = callDifference(result.transcript.messages, executed);
  if (difference === null) return result;
  const also = unjudged === null ? "" : `; it could not be judged: ${unjudged.message}`;
  const message = `the transcript differs from the tool server's log: ${difference}${also}`;
  return failedBy({ class: "harness", message }, result);
}

/** The workload calls every failed model request the engine's; only the taps know which side of the gateway it was. */
function blamed(result: EpisodeResult, arm: ArmSpec["kind"], usage: SeenExchanges): EpisodeResult {
  if (result.status !== "failed") return result;
  if (result.failure.class === "user-engine")
    return {
      ...result,
      failure: { ...result.failure, class: attributeUserFailure(result.failure.message) },
    };
  if (result.failure.class !== "engine") return result;
  const part = attributeFailure(arm, usage.of(result.failure.requestId));
  return { ...result, failure: { ...result.failure, class: part } };
}

interface Attempted extends Played {
  readonly planned: PlannedEpisode;
  readonly attemptKey: string;
  readonly startedNs: number;
  readonly retries: number;
}

interface Played {
  readonly usage: SeenExchanges;
  readonly result: EpisodeResult;
  readonly sessionMs: EpisodeRecord["sessionMs"];
  readonly recorded: ClosedSession["recorded"];
}

async function store(
  parts: AttemptParts,
  segment: SegmentContext,
  attempted: Attempted,
): Promise<EpisodeRecord> {
  const { planned, result } = attempted;
  const { facts, ...task } = planned.task;
  const reward = rewardOf(result);
  const record: EpisodeRecord = {
    v: 1,
    type: "episode",
    episodeId: planned.episodeId,
    cellId: segment.cell.cellId,
    segmentId: segment.segmentId,
    arm: segment.cell.arm.name,
    load: loadOf(segment.cell),
    repetition: segment.cell.repetition,
    ...(segment.cell.variant !== undefined && { variant: segment.cell.variant }),
    ...facts,
    ...task,
    agent: { ...parts.agent },
    simulated: parts.stack.agentEngine.identity.simulated,
    status: result.status,
    termination: result.termination,
    terminationDetail: result.terminationDetail,
    reward: reward?.value ?? null,
    rewardBasis: reward?.parts ? [...reward.parts] : null,
    ...("scores" in result && {
      scores: result.scores.map(({ name, value, passed }) => ({ name, value, passed })),
    }),
    failure: result.status === "failed" ? storedFailure(result.failure) : null,
    labels: [...result.labels],
    startedNs: attempted.startedNs,
    endedNs: parts.clock.nowNs(),
    steps: result.steps,
    toolCalls: result.toolCalls,
    toolErrors: result.toolErrors,
    ...attempted.usage.total(),
    userUsage: { ...result.userUsage },
    sessionMs: attempted.sessionMs,
    ...(attempted.retries > 0 ? { retries: attempted.retries } : {}),
    ...(attempted.recorded === null ? {} : { loggedTokens: { ...loggedTokensOf(attempted.recorded) } }),
  };
  const { attemptKey, recorded } = attempted;
  await parts.run.appendEpisode(record, {
    attemptKey,
    facts: { transcript: result.transcript, rewardInfo: reward?.details ?? null },
    recorded,
  });
  return record;
}

const storedFailure = ({ class: part, message }: Failure) => ({ class: part, message });

type Opened = { readonly opened: ArmSession } | { readonly failure: EpisodeResult };

/** A gateway that gives no session fails the episode, not the cell: others may still get one. */
async function openSession(arm: RunningArm, attemptKey: string): Promise<Opened> {
  try {
    return { opened: await arm.openSession(attemptKey) };
  } catch (error) {
    return { failure: notStarted({ class: "gateway", message: `no session: ${messageOf(error)}` }) };
  }
}

async function closeSession(session: ArmSession, reward: number | null) {
  try {
    return { closed: await session.close(reward), warning: null };
  } catch (error) {
    return { closed: null, warning: `the gateway session did not close: ${messageOf(error)}` };
  }
}

/** A gateway that recorded fewer calls than the agent made has lost training data, silently. */
function lostCalls(closed: ClosedSession | null, usage: SeenExchanges): string | null {
  const recorded = closed?.interactions ?? null;
  const made = usage.answered;
  return recorded === null || recorded === made
    ? null
    : `the gateway recorded ${recorded} calls, the outer tap saw ${made} answered`;
}

function timesOf(session: ArmSession, closed: ClosedSession | null): EpisodeRecord["sessionMs"] {
  if (session.startMs === null) return null;
  return { start: session.startMs, reward: closed?.rewardMs ?? null, export: closed?.exportMs ?? null };
}
