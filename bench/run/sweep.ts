import { messageOf } from "../errors.ts";
import { attemptEpisode, type PlannedEpisode } from "./attempt.ts";
import { awaitNewsOfDeath, EngineRecovery, unfinished, type Recovery } from "./engine-recovery.ts";
import { closeSegment, openSegment, type OpenSegment } from "./segment.ts";
import type { SweepWatcher } from "./sweep-progress.ts";
import type { StopRequest } from "./stop-request.ts";
import type { Experiment } from "../config/experiment.ts";
import type { Clock } from "../measure/clock.ts";
import type { Cell } from "../plan/cells.ts";
import type { RunningStack, StackDeath } from "../stack/stack.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import { runClosedLoop } from "../workload/closed-loop.ts";
import type { PreparedWorkload, WorkloadPlan } from "../workload/workload.ts";

export interface SweepParts {
  readonly experiment: Experiment;
  readonly plan: readonly PlannedCellRun[];
  readonly agent: WorkloadPlan["agent"];
  readonly prepared: PreparedWorkload;
  readonly stack: RunningStack;
  readonly run: RunDirectory;
  readonly clock: Clock;
  readonly stop: StopRequest;
  readonly watchers: readonly SweepWatcher[];
  readonly limits: { readonly callMs: number; readonly cellMs: number; readonly drainMs: number };
  /** Writes the cell's summary record from its evidence. */
  readonly summarise: (cellId: string) => Promise<void>;
  /** Warnings for a person. */
  readonly tell: (text: string) => void;
}

/** A cell and what is left to do in it. */
export interface PlannedCellRun {
  readonly cell: Cell;
  readonly segmentId: string;
  readonly remaining: readonly PlannedEpisode[];
}

export type SweepEnd =
  | { readonly reason: "complete" }
  | { readonly reason: "interrupted" }
  /** `exitCode`: what the caller is told; default: the result is invalid. */
  | { readonly reason: "failed"; readonly message: string; readonly exitCode?: number };

/**
 * The sweep: for each cell drain, flush, snapshot, run, drain, snapshot, summarise. A part that dies ends its segment;
 * an engine may be started again for the rest of the cell, and cells of arms that do not need the part go on.
 */
export async function runSweep(parts: SweepParts): Promise<SweepEnd> {
  const broken = new Map<StackDeath, string>();
  const recovery = new EngineRecovery(parts.experiment);
  let unfinished = false;
  for (const planned of parts.plan) {
    if (planned.remaining.length === 0) continue;
    if (!parts.stop.admits()) return { reason: "interrupted" };
    const death = parts.stack.death(planned.cell.arm.name);
    if (death !== null) {
      if (!broken.has(death)) broken.set(death, deathText(death, `before cell ${planned.cell.cellId}`));
      continue;
    }
    const end = await runCell(parts, planned, recovery);
    if (end.death !== null) broken.set(end.death, deathText(end.death, `during cell ${planned.cell.cellId}`));
    else if (end.reason === "interrupted") {
      // A cell whose own time is up (limits.cellSeconds) says nothing about the others.
      if (!parts.stop.admits()) return { reason: "interrupted" };
      unfinished = true;
    }
    if (end.recovery === "stop") break;
  }
  if (broken.size === 0) return { reason: unfinished ? "interrupted" : "complete" };
  return { reason: "failed", message: [...broken.values()].join("\n") };
}

/** One segment, and another one for what is left whenever its engine died and was started again. */
async function runCell(
  parts: SweepParts,
  planned: PlannedCellRun,
  recovery: EngineRecovery,
): Promise<SegmentEnd & { readonly recovery: Recovery | null }> {
  for (let left = planned; ;) {
    const segment = await openSegment(parts, left.cell, left.segmentId);
    const end = await runSegment(parts, segment, left.remaining);
    await closeSegment(parts, segment, end.reason);
    await parts.summarise(left.cell.cellId);
    if (end.death === null) return { ...end, recovery: null };
    const next = await recovery.after(end.death, parts);
    if (next !== "finish-cell") return { ...end, recovery: next };
    if (end.unfinished.length === 0) return { ...end, death: null, recovery: next };
    left = { ...left, segmentId: nextSegmentId(left.segmentId), remaining: end.unfinished };
  }
}

/** `s0` -> `s1`. */
function nextSegmentId(segmentId: string): string {
  return `s${Number(segmentId.slice(1)) + 1}`;
}

function deathText({ part, message }: StackDeath, when: string): string {
  return `The ${part} ended ${when}: ${message}`;
}

interface SegmentEnd {
  readonly reason: "complete" | "interrupted" | "engine-died";
  /** What ended although nobody asked it to, so that the arm cannot go on; null when it can. */
  readonly death: StackDeath | null;
  /** Episodes that have no result that counts. */
  readonly unfinished: readonly PlannedEpisode[];
}

async function runSegment(
  parts: SweepParts,
  segment: OpenSegment,
  remaining: readonly PlannedEpisode[],
): Promise<SegmentEnd> {
  const tellAll = (what: (watcher: SweepWatcher) => void) => parts.watchers.forEach(what);
  tellAll((watcher) => watcher.cellStarted(segment.cell, remaining.length));
  const deadline = AbortSignal.timeout(parts.limits.cellMs);
  const signal = AbortSignal.any([parts.stop.cancelled, deadline]);
  const arm = segment.cell.arm.name;
  const admit = () => parts.stop.admits() && !deadline.aborted && parts.stack.death(arm) === null;
  const records = new Map<string, EpisodeRecord>();
  const attempt = async (episode: PlannedEpisode) => {
    tellAll((watcher) => watcher.episodeStarted());
    const record = await attemptEpisode(parts, { ...segment, signal }, episode);
    if (record) records.set(episode.episodeId, record);
    tellAll((watcher) => watcher.episodeEnded(record));
    await awaitNewsOfDeath(parts, arm, record);
  };
  try {
    await runClosedLoop(remaining, attempt, { concurrency: segment.cell.concurrency, admit });
  } catch (error) {
    await closeSegment(parts, segment, "interrupted").catch((closing: unknown) => {
      parts.tell(`the segment could not be closed either: ${messageOf(closing)}`);
    });
    throw error;
  }
  tellAll((watcher) => watcher.cellEnded());
  if (deadline.aborted)
    parts.tell(`cell ${segment.cell.cellId} reached limits.cellSeconds; what was in flight is cancelled`);
  const death = parts.stack.death(arm);
  if (death !== null) return { reason: "engine-died", death, unfinished: unfinished(remaining, records) };
  const left = remaining.filter(({ episodeId }) => !records.has(episodeId));
  return { reason: left.length === 0 ? "complete" : "interrupted", death: null, unfinished: left };
}
