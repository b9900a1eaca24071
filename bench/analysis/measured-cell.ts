import { finishedEpisodes, segmentsOf } from "../store/progress.ts";
import { recordedFailureLimits } from "../config/failure-limits.ts";
import { recordedSlo } from "../config/slo-schema.ts";
import { stoppedByFailures } from "../store/failed-episodes.ts";
import { RunUnreadableError } from "../errors.ts";
import type { StoredRun, StoreWarning } from "../store/read-run.ts";
import type { ArmFacts } from "../store/preflight-record.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { summarizeCell, type CellSummary } from "./cell/cell-summary.ts";
import { ratedCell, type CellEvidence, type RatedCell } from "./cell/judged-evidence.ts";
import type { SegmentUse } from "./cell/segment-choice.ts";
import { observeCell, type ObservedCell } from "./slo/observed-cell.ts";
import { buildLedger, type EpisodeLedger } from "./ledger/episode-ledger.ts";
import { stampsOf } from "../evidence/episode-stamps.ts";
import { joinPath, type JoinedPath } from "../evidence/path-samples.ts";
import { requestLatencies, type RequestLatencies } from "../evidence/request-latencies.ts";
import { readSegmentEvidence, type SegmentEvidence } from "../evidence/segment-evidence.ts";

/** A cell as a comparison needs it. */
export interface MeasuredCell {
  readonly summary: CellSummary;
  /** Episodes of its used segments. */
  readonly episodes: readonly EpisodeRecord[];
  readonly path: JoinedPath;
  /** Where the time of each of these episodes went; none for those that failed. */
  readonly ledgers: ReadonlyMap<string, EpisodeLedger>;
  /** Latencies of the answered requests of each of these episodes, milliseconds. */
  readonly latencies: ReadonlyMap<string, RequestLatencies>;
  /** What the preflight found out about its arm; absent for a run without one. */
  readonly armFacts?: ArmFacts;
  /** What limits are held against; absent where the experiment sets none. */
  readonly observed?: ObservedCell;
}

/** The summary of one cell from the run directory. Throws RunUnreadableError for an unknown cell or damaged evidence. */
export async function readCellSummary(run: StoredRun, cellId: string): Promise<CellSummary> {
  return (await readParts(run, cellId, [])).summary;
}

/** What a comparison of runs needs of a cell. */
export interface ComparedCell extends Pick<MeasuredCell, "episodes" | "latencies"> {
  readonly summary: RatedCell;
}

/** A cell without what only its own report or a comparison of arms needs, which takes half of the time. */
export async function readComparedCell(run: StoredRun, cellId: string): Promise<ComparedCell> {
  const evidence = await readEvidence(run, cellId, []);
  const summary = ratedCell(evidence);
  const { measured, timings } = usedOf(evidence, summary.segments);
  return { summary, episodes: measured, latencies: requestLatencies(timings) };
}

/** A cell with what a comparison of arms needs; its evidence is held in memory only while this runs. */
export async function readCell(
  run: StoredRun,
  cellId: string,
  warnings: StoreWarning[],
): Promise<MeasuredCell> {
  const { summary, measured, timings, tools, segments, episodes } = await readParts(run, cellId, warnings);
  const slo = recordedSlo(run.identity.resolved);
  const part = run.identity.search === undefined ? "whole" : "steady";
  return {
    summary,
    episodes: measured,
    path: joinPath(timings),
    ledgers: ledgersOf(measured, { timings, tools }),
    latencies: requestLatencies(timings),
    ...(slo !== null && { observed: observeCell({ summary, segments, episodes }, slo, part) }),
  };
}

/** The summary of a cell and what of its evidence is in used segments. */
async function readParts(run: StoredRun, cellId: string, warnings: StoreWarning[]) {
  const evidence = await readEvidence(run, cellId, warnings);
  const { episodes, segments } = evidence;
  const summary = summarizeCell(evidence);
  return { summary, segments, episodes, ...usedOf(evidence, summary.segments) };
}

async function readEvidence(run: StoredRun, cellId: string, warnings: StoreWarning[]): Promise<CellEvidence> {
  const cell = run.identity.cells.find((planned) => planned.cellId === cellId);
  if (cell === undefined) {
    throw new RunUnreadableError(`Run ${run.identity.runId} has no cell ${cellId}; see run.json.`);
  }
  const limits = recordedFailureLimits(run.identity.resolved);
  const records = run.records.flatMap((record) =>
    record.type === "episode" && record.cellId === cellId ? [record] : [],
  );
  const segments: SegmentEvidence[] = [];
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cellId) continue;
    segments.push(await readSegmentEvidence(run.directory, segment, warnings));
  }
  const episodes = [...finishedEpisodes(records).values()];
  const counted = new Set(episodes);
  return {
    cell,
    simulated: run.identity.simulated,
    ...(run.identity.coverage && { coverage: run.identity.coverage }),
    episodes,
    recordedAttempts: new Set(records.flatMap(({ attemptKey }) => attemptKey ?? [])),
    segments,
    replaced: records.filter((record) => !counted.has(record)),
    failedShareMax: limits.failedShare,
    stopped: stoppedByFailures(run.records, limits.failures),
  };
}

/** What of the evidence is in used segments. */
function usedOf({ episodes, segments }: CellEvidence, uses: readonly SegmentUse[]) {
  const used = new Set(uses.filter((use) => use.used).map(({ segmentId }) => segmentId));
  return {
    timings: segments.flatMap(({ segment, timings }) => (used.has(segment.segmentId) ? timings : [])),
    measured: episodes.filter(({ segmentId }) => used.has(segmentId)),
    tools: segments.flatMap(({ segment, tools }) => (used.has(segment.segmentId) ? tools : [])),
  };
}

/** A failed episode has no length that means anything. */
function ledgersOf(
  episodes: readonly EpisodeRecord[],
  seen: Parameters<typeof stampsOf>[1],
): ReadonlyMap<string, EpisodeLedger> {
  const whole = episodes.filter(({ status }) => status !== "failed");
  return new Map([...stampsOf(whole, seen)].map(([id, stamps]) => [id, buildLedger(stamps)]));
}
