import { ConfigError } from "../../bench/errors.ts";
import { readLines } from "../../bench/store/line-file.ts";
import { finishedEpisodes, segmentsOf, type Segment } from "../../bench/store/progress.ts";
import { logPath, readRun, type EpisodeLog, type StoredRun } from "../../bench/store/read-run.ts";
import type { EpisodeRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import type { PlannedCell } from "../../bench/store/run-json.ts";

/** A cell of the run that is multiplied: one whole segment, and the episodes that ran in it. */
export interface SourceCell {
  readonly cell: PlannedCell;
  readonly segment: Segment & { readonly ended: SegmentEndedRecord };
  /** In the order of their end. */
  readonly episodes: readonly EpisodeRecord[];
}

export interface SourceRun {
  readonly run: StoredRun;
  readonly cells: readonly SourceCell[];
  /** Lines by `episode/segment` and by attempt. Null: the run has no such file. */
  readonly trajectories: ReadonlyMap<string, string>;
  readonly tokens: ReadonlyMap<string, string> | null;
}

/** @throws {ConfigError} for a run that has nothing to multiply */
export async function readSource(directory: string): Promise<SourceRun> {
  const run = await readRun(directory);
  if (run.identity.replay !== undefined)
    throw new ConfigError(`${directory} is a replay, which has no episodes. Give a run of sweep.`);
  const finished = [...finishedEpisodes(run.records).values()];
  const segments = segmentsOf(run.records);
  const cells = run.identity.cells.flatMap((cell): SourceCell[] => {
    const segment = segments.findLast(({ cellId, ended }) => {
      return cellId === cell.cellId && ended?.reason === "complete";
    });
    if (!segment?.ended) return [];
    const { ended, segmentId } = segment;
    const episodes = finished.filter((one) => one.cellId === cell.cellId && one.segmentId === segmentId);
    return episodes.length === 0 ? [] : [{ cell, segment: { ...segment, ended }, episodes }];
  });
  if (cells.length === 0)
    throw new ConfigError(`${directory} has no cell that ran to its end. Give a run of sweep that did.`);
  const trajectories = await linesOf(
    directory,
    "trajectories.jsonl",
    /"episodeId":"([^"]*)".*?"segmentId":"([^"]*)"/,
  );
  const tokens = await linesOf(directory, "tokens.jsonl", /"attemptKey":"([^"]*)"/);
  return { run, cells, trajectories: trajectories ?? new Map<string, string>(), tokens };
}

/** The lines of a log by what a pattern finds first in them. A run that is multiplied is small. */
async function linesOf(
  directory: string,
  log: EpisodeLog,
  names: RegExp,
): Promise<ReadonlyMap<string, string> | null> {
  const path = await logPath(directory, log);
  if (path === null) return null;
  const lines = new Map<string, string>();
  for await (const { bytes, terminated } of readLines(path)) {
    const text = bytes.toString("utf8");
    const [, ...found] = names.exec(text) ?? [];
    if (terminated && found.length > 0) lines.set(found.join("/"), text);
  }
  return lines;
}
