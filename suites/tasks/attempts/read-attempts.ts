import { join } from "node:path";
import { finishedEpisodes, segmentsOf } from "../../../bench/store/progress.ts";
import { eachJsonLine, type StoredRun, type StoreWarning } from "../../../bench/store/read-run.ts";
import { segmentPath } from "../../../bench/store/run-directory.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { attemptLineSchema, type StoredAttempt } from "./attempt-line.ts";

export const attemptsFile = "tasks.ndjson";

/** A finished episode with the attempt that gave its result; null where the run kept no line of it. */
export interface RecordedAttempt {
  readonly record: EpisodeRecord;
  readonly attempt: StoredAttempt | null;
  /** That of the attempt's segment, with what else was kept of it; null without an attempt. */
  readonly folder: string | null;
}

/**
 * The finished episodes of a cell, in the order in which they ended. Only one cell is held in memory.
 * @throws {RunUnreadableError} for a damaged line, with file and number
 */
export async function readAttempts(
  run: Pick<StoredRun, "directory" | "records">,
  cellId: string,
  warnings: StoreWarning[],
): Promise<readonly RecordedAttempt[]> {
  const records = [...finishedEpisodes(run.records).values()].filter((record) => record.cellId === cellId);
  const wanted = new Set(records.flatMap(({ attemptKey }) => attemptKey ?? []));
  const attempts = new Map<string, { readonly attempt: StoredAttempt; readonly folder: string }>();
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cellId) continue;
    const folder = segmentPath(run.directory, segment);
    const path = join(folder, attemptsFile);
    await eachJsonLine({ path, schema: attemptLineSchema }, warnings, (line) => {
      if (wanted.has(line.attemptKey)) attempts.set(line.attemptKey, { attempt: line, folder });
    });
  }
  const none = { attempt: null, folder: null };
  return records.map((record) => ({ record, ...(attempts.get(record.attemptKey ?? "") ?? none) }));
}
