import { placeOf } from "./place.ts";
import type { EpisodeRecord, RunRecord, SegmentEndedRecord } from "./record.ts";
import type { RunJson } from "./run-json.ts";
import type { StoredRun } from "./read-run.ts";

/** What of an episode's record says how far its run is. */
export type EpisodeOutcome = Pick<
  EpisodeRecord,
  "type" | "episodeId" | "cellId" | "segmentId" | "load" | "status" | "startedNs" | "endedNs"
> & { readonly failure: Pick<NonNullable<EpisodeRecord["failure"]>, "class"> | null };

/** Records of which those of episodes may say no more than how each ended. */
export type ProgressRecord = Exclude<RunRecord, EpisodeRecord> | EpisodeOutcome;

/**
 * The record that counts for each episode id. Resume never repeats an episode; `--redo` does, and then the last one
 * counts. A cancelled attempt is no result, so its episode is still to be done.
 */
export function finishedEpisodes<Record extends ProgressRecord>(
  records: readonly Record[],
): ReadonlyMap<string, Extract<Record, { readonly type: "episode" }>> {
  type Episode = Extract<Record, { readonly type: "episode" }>;
  const finished = new Map<string, Episode>();
  for (const record of records) {
    if (isEpisode(record) && record.status !== "cancelled") finished.set(record.episodeId, record);
  }
  return finished;
}

function isEpisode<Record extends ProgressRecord>(
  record: Record,
): record is Extract<Record, { readonly type: "episode" }> {
  return record.type === "episode";
}

/** Planned episodes that have no result yet, in the order of the plan. */
export function remainingEpisodes(
  identity: RunJson,
  records: readonly ProgressRecord[],
): readonly RemainingCell[] {
  const finished = finishedEpisodes(records);
  return identity.cells
    .map(({ cellId, episodeIds }) => ({ cellId, episodeIds: episodeIds.filter((id) => !finished.has(id)) }))
    .filter(({ episodeIds }) => episodeIds.length > 0);
}

export interface RemainingCell {
  readonly cellId: string;
  readonly episodeIds: readonly string[];
}

/** One stretch of a cell between two snapshots. */
export interface Segment {
  readonly cellId: string;
  readonly segmentId: string;
  /** Wall clock, ISO 8601. */
  readonly at: string;
  readonly startedNs: number;
  /** null: the driver was killed inside the segment (or is in it now), so it has no closing snapshot. */
  readonly ended: SegmentEndedRecord | null;
  /** Whether a later call of the command (`--resume`) went on with the cell. */
  readonly resumed: boolean;
}

/** Segments in the order in which they started. */
export function segmentsOf(records: readonly ProgressRecord[]): readonly Segment[] {
  const ended = new Map(
    records
      .filter((record) => record.type === "segment-ended")
      .map((record) => [segmentKey(record), record] as const),
  );
  let calls = 0;
  const callOf = new Map<ProgressRecord, number>();
  const lastCallOf = new Map<string, number>();
  for (const record of records) {
    if (record.type === "run-started") calls += 1;
    if (record.type !== "segment-started") continue;
    callOf.set(record, calls);
    lastCallOf.set(record.cellId, calls);
  }
  return records
    .filter((record) => record.type === "segment-started")
    .map((record) => ({
      cellId: record.cellId,
      segmentId: record.segmentId,
      at: record.at,
      startedNs: record.startedNs,
      ended: ended.get(segmentKey(record)) ?? null,
      resumed: callOf.get(record) !== lastCallOf.get(record.cellId),
    }));
}

function segmentKey(record: { readonly cellId: string; readonly segmentId: string }): string {
  return `${record.cellId}/${record.segmentId}`;
}

export interface RunProgress {
  readonly runId: string;
  readonly simulated: boolean;
  readonly state: "running" | "complete" | "interrupted" | "failed";
  readonly plannedEpisodes: number;
  readonly finishedEpisodes: number;
  readonly episodesByStatus: Readonly<Record<EpisodeRecord["status"], number>>;
  readonly failuresByClass: Readonly<Record<string, number>>;
  readonly cells: readonly CellProgress[];
  /** Those that did not fail, over the time inside segments (an open one ends at its last episode); null before the first episode. */
  readonly episodesPerMinute: number | null;
  /** Seconds that the rest takes at the pace measured for each load and variant; null while one was never measured. */
  readonly etaSeconds: number | null;
}

export interface CellProgress {
  readonly cellId: string;
  readonly arm: string;
  readonly load: string;
  readonly state: "planned" | "running" | "interrupted" | "complete";
  readonly planned: number;
  readonly finished: number;
  /** Finished ones that a failed part ended. */
  readonly failed: number;
  /** Verdict of the cell's summary, once there is one. */
  readonly verdict: string | null;
}

/** A run as far as progress needs it. */
export interface RunOutcomes extends Pick<StoredRun, "directory" | "identity" | "warnings"> {
  /** In the order in which they were written. */
  readonly records: readonly ProgressRecord[];
}

/** How far a run is. `driverAlive`: whether a process writes it now (`driverOf`). */
export function progressOf(
  run: Pick<RunOutcomes, "identity" | "records">,
  driverAlive: boolean,
): RunProgress {
  const { identity, records } = run;
  const finished = finishedEpisodes(records);
  const episodes = [...finished.values()];
  const segments = Map.groupBy(segmentsOf(records), ({ cellId }) => cellId);
  const verdicts = lastVerdicts(records);
  const cells = identity.cells.map((cell) =>
    cellProgress(cell, { segments, verdicts, finished, driverAlive }),
  );
  const places = new Map(identity.cells.map((cell) => [cell.cellId, placeOf(cell)]));
  const pace = paceByPlace(records, episodes, places);
  const minutes = [...pace.values()].reduce((sum, { seconds }) => sum + seconds / 60, 0);
  const paced = [...pace.values()].reduce((sum, { episodes }) => sum + episodes, 0);
  return {
    runId: identity.runId,
    simulated: identity.simulated,
    state: runState(records, driverAlive),
    plannedEpisodes: identity.cells.reduce((sum, cell) => sum + cell.episodeIds.length, 0),
    finishedEpisodes: episodes.length,
    episodesByStatus: {
      completed: episodes.filter(({ status }) => status === "completed").length,
      failed: episodes.filter(({ status }) => status === "failed").length,
      "timed-out": episodes.filter(({ status }) => status === "timed-out").length,
      cancelled: 0,
    },
    failuresByClass: countBy(episodes.flatMap(({ failure }) => (failure === null ? [] : [failure.class]))),
    cells,
    episodesPerMinute: minutes > 0 ? paced / minutes : null,
    etaSeconds: eta(cells, pace, places),
  };
}

/** How a run stands, by its last beginning or end. */
export function runState(records: readonly ProgressRecord[], driverAlive: boolean): RunProgress["state"] {
  const last = records.findLast((record) => record.type === "run-ended" || record.type === "run-started");
  // The driver writes its report after its last record, and is alive meanwhile.
  if (last?.type === "run-ended") return last.reason;
  return driverAlive ? "running" : "interrupted";
}

/** By cell, as the last summary of each says it. */
function lastVerdicts(records: readonly ProgressRecord[]): ReadonlyMap<string, unknown> {
  return new Map(
    records.flatMap((record) =>
      record.type === "cell" ? [[record.cellId, record.summary["verdict"]] as const] : [],
    ),
  );
}

interface ProgressFacts {
  /** By cell. */
  readonly segments: ReadonlyMap<string, readonly Segment[]>;
  readonly verdicts: ReadonlyMap<string, unknown>;
  readonly finished: ReadonlyMap<string, EpisodeOutcome>;
  readonly driverAlive: boolean;
}

function cellProgress(cell: RunJson["cells"][number], facts: ProgressFacts): CellProgress {
  const finished = cell.episodeIds.filter((id) => facts.finished.has(id)).length;
  const segments = facts.segments.get(cell.cellId) ?? [];
  const verdict = facts.verdicts.get(cell.cellId);
  const open = segments.at(-1)?.ended === null;
  return {
    cellId: cell.cellId,
    arm: cell.arm,
    load: cell.load,
    state: cellState(
      { complete: finished === cell.episodeIds.length, open, segments: segments.length },
      facts,
    ),
    planned: cell.episodeIds.length,
    finished,
    failed: cell.episodeIds.filter((id) => facts.finished.get(id)?.status === "failed").length,
    verdict: typeof verdict === "string" ? verdict : null,
  };
}

function cellState(
  cell: { readonly complete: boolean; readonly open: boolean; readonly segments: number },
  facts: ProgressFacts,
): CellProgress["state"] {
  if (cell.open && facts.driverAlive) return "running";
  if (cell.complete) return "complete";
  return cell.segments === 0 ? "planned" : "interrupted";
}

interface Pace {
  readonly episodes: number;
  readonly seconds: number;
}

/** @param places by cell: its load, and its variant where it has one */
function paceByPlace(
  records: readonly ProgressRecord[],
  episodes: readonly EpisodeOutcome[],
  places: ReadonlyMap<string, string>,
): Map<string, Pace> {
  const pace = new Map<string, Pace>();
  const bySegment = Map.groupBy(episodes, segmentKey);
  for (const segment of segmentsOf(records)) {
    const within = bySegment.get(segmentKey(segment)) ?? [];
    const place = within[0] && places.get(segment.cellId);
    if (place === undefined) continue;
    const endedNs =
      segment.ended?.endedNs ?? within.reduce((last, { endedNs }) => Math.max(last, endedNs), -Infinity);
    const before = pace.get(place) ?? { episodes: 0, seconds: 0 };
    const seconds = (endedNs - segment.startedNs) / 1e9;
    // To fail takes less time than to end: a failing service would look fast.
    const whole = within.filter(({ status }) => status !== "failed").length;
    pace.set(place, { episodes: before.episodes + whole, seconds: before.seconds + seconds });
  }
  return pace;
}

function eta(
  cells: readonly CellProgress[],
  pace: ReadonlyMap<string, Pace>,
  places: ReadonlyMap<string, string>,
): number | null {
  let seconds = 0;
  for (const { cellId, planned, finished } of cells) {
    if (planned === finished) continue;
    const measured = pace.get(places.get(cellId) ?? "");
    if (measured === undefined || measured.episodes === 0) return null;
    seconds += ((planned - finished) * measured.seconds) / measured.episodes;
  }
  return seconds;
}

/** How often each value occurs. */
export function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
