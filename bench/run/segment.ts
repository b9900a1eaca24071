import { messageOf } from "../errors.ts";
import { armToCompare } from "../fidelity/rewrites.ts";
import { LoopWatch, type LoopReading } from "../measure/loop-watch.ts";
import { loadOf } from "../plan/cells.ts";
import { flushCache, type Engine } from "../stack/engine.ts";
import { enginesOf, type RunningArm, type StackDeath, type UnclosedSessions } from "../stack/stack.ts";
import { segmentPath } from "../store/run-directory.ts";
import { runClosedLoop } from "./closed-loop.ts";
import { EvidenceLines } from "./evidence-lines.ts";
import type { PreparedWorkload } from "../workload/workload.ts";
import { attemptEpisode, type AttemptParts } from "./attempt.ts";
import { awaitNewsOfDeath, OpenEpisodes } from "./engine-recovery.ts";
import { measure, type MeasuredSection, type SectionEnd, type SectionParts } from "./measured-section.ts";
import type { FailureWatch } from "./failure-watch.ts";
import { PowerSamples, type PowerSource } from "./power-samples.ts";
import type { PlannedEpisode } from "../plan/run-plan.ts";
import type { PlannedCellRun } from "./remaining-work.ts";
import type { SeenLatencies } from "./seen-exchanges.ts";
import type { SweepWatcher } from "./sweep-progress.ts";
import { warmUp } from "./warm-up.ts";
import { Deadline } from "../measure/deadline.ts";

/** What a segment of a sweep uses of its run. */
export interface SegmentParts extends Omit<AttemptParts, "prepared" | "limits"> {
  readonly failures: FailureWatch;
  readonly stop: SectionParts["stop"] & AttemptParts["stop"];
  readonly prepared: PreparedWorkload;
  readonly watchers: readonly SweepWatcher[];
  readonly limits: { readonly callMs: number; readonly cellMs: number; readonly drainMs: number };
  readonly keepBodies: boolean;
  /** How the GPUs' power is read while the work goes on; null: it is not. */
  readonly power: { readonly source: PowerSource; readonly intervalS: number } | null;
  readonly sampleSeconds: NonNullable<SectionParts["sampleSeconds"]>;
}

export interface SegmentEnd extends SectionEnd {
  /** Episodes that have no result that counts. */
  readonly unfinished: readonly PlannedEpisode[];
}

/** One stretch of a cell: its remaining episodes between two snapshots. What has worn out is renewed before. */
export async function runSegment(parts: SegmentParts, planned: PlannedCellRun): Promise<SegmentEnd> {
  const { cell, segmentId, remaining } = planned;
  const { stack, prepared } = parts;
  const arm = stack.arms.find(({ spec }) => spec.name === cell.arm.name);
  if (!arm) throw new Error(`cell ${cell.cellId} names arm ${cell.arm.name}, which the stack does not have`);
  if (await prepared.renew()) await warmUp(parts);
  const engines = enginesOf(stack);
  const place = { cellId: cell.cellId, segmentId };
  const evidence = new EvidenceLines(segmentPath(parts.run.path, place));
  const open = new OpenEpisodes(remaining);
  let driver: LoopReading | null = null;
  const section: MeasuredSection = {
    ...place,
    load: loadOf(cell),
    arm: armToCompare(arm),
    engines,
    gatewayPage: arm.metricsUrl,
    keepBodies: parts.keepBodies,
    prepare: async () => {
      const flushed = await emptyCaches(parts, engines);
      await prepared.eventLoopLoad();
      return flushed;
    },
    work: async () => {
      await using _power = powerOf(parts, segmentPath(parts.run.path, place));
      using loop = new LoopWatch();
      try {
        await runEpisodes(parts, planned, { arm, open, evidence });
      } finally {
        driver = loop.read();
      }
      return open.count === 0;
    },
    finish: async () => {
      await evidence.close();
      const left = await unclosedSessionsOf(arm, parts.tell);
      const agents = await prepared.eventLoopLoad();
      return {
        pressure: [...agents, ...(driver === null ? [] : [{ process: "driver", ...driver }])],
        ...(left === null ? {} : { gatewayLeftovers: left }),
      };
    },
  };
  const end = await measure(parts, section);
  return { ...end, unfinished: open.left(end.death !== null) };
}

/** Both arms are read alike, so that what reading costs is in both. */
function powerOf({ power, clock, tell }: SegmentParts, directory: string): PowerSamples | null {
  return power === null ? null : new PowerSamples(power.source, { ...power, directory, clock, tell });
}

interface EpisodePlace {
  readonly arm: RunningArm;
  /** Is told of every episode that has a result. */
  readonly open: OpenEpisodes;
  readonly evidence: EvidenceLines;
}

/** Begins episodes until all are begun, somebody asks to stop, the cell's time is up, or what they need has ended. */
async function runEpisodes(
  parts: SegmentParts,
  { cell, segmentId, remaining }: PlannedCellRun,
  { arm, open, evidence }: EpisodePlace,
): Promise<void> {
  const { stack, stop, failures, tell } = parts;
  const tellAll = (what: (watcher: SweepWatcher) => void) => parts.watchers.forEach(what);
  const watched = { cellId: cell.cellId, arm: cell.arm.name, load: loadOf(cell) };
  tellAll((watcher) => watcher.cellStarted?.(watched, remaining.length));
  using deadline = new Deadline(parts.limits.cellMs);
  const signal = AbortSignal.any([stop.cancelled, deadline.signal]);
  const died = (): StackDeath | null => stack.death(arm.spec.name);
  const requestsSeen = (latencies: readonly SeenLatencies[]) =>
    tellAll((watcher) => watcher.requestsSeen?.(arm.spec.name, latencies));
  const attempt = async (episode: PlannedEpisode) => {
    tellAll((watcher) => watcher.episodeStarted?.());
    const logToolCall = (line: object) => evidence.add("tools.ndjson", line);
    const context = { cell, segmentId, arm, signal, logToolCall, evidence, requestsSeen };
    const record = await attemptEpisode(parts, context, episode);
    if (record) open.ended(record);
    tellAll((watcher) => watcher.episodeEnded?.(record));
    if (stack.revive !== null) await awaitNewsOfDeath(died, record);
    // What a dead part took with it is told as its death.
    const given = died() === null ? failures.ended(record) : null;
    // That the run is given up is told when it ends.
    if (given !== null && given.arm !== null) tell(given.message);
  };
  await runClosedLoop(remaining, attempt, {
    concurrency: cell.concurrency,
    admit: () => stop.admits() && failures.admits(arm.spec.name) && !deadline.over && died() === null,
  });
  tellAll((watcher) => watcher.cellEnded?.());
  if (deadline.over) tell(`cell ${cell.cellId} reached limits.cellSeconds; what was in flight is cancelled`);
}

/** Every cell starts cold in every arm, or says that it does not. */
async function emptyCaches({ tell }: SegmentParts, engines: readonly Engine[]): Promise<boolean> {
  const results = await Promise.all(
    engines.map((engine) =>
      flushCache(engine, AbortSignal.timeout(10_000)).catch((error: unknown) => {
        tell(`the ${engine.role} engine's cache was not emptied: ${messageOf(error)}`);
        return false;
      }),
    ),
  );
  return results.every(Boolean);
}

/** AReaL keeps what nobody collects for ever: a leak that would grow from cell to cell is said at once, and recorded. */
async function unclosedSessionsOf(
  arm: RunningArm,
  tell: (text: string) => void,
): Promise<UnclosedSessions | null> {
  if (!arm.unclosedSessions) return null;
  try {
    const left = await arm.unclosedSessions();
    if (left.sessions > 0 || (left.tensors ?? 0) > 0) {
      tell(
        `arm ${arm.spec.name} still holds ${left.sessions} sessions and ${left.tensors ?? "an unknown number of"} tensors that nobody needs`,
      );
    }
    return left;
  } catch (error) {
    tell(`arm ${arm.spec.name} does not say what it still holds: ${messageOf(error)}`);
    return null;
  }
}
