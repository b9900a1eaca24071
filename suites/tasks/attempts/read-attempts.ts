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
  const attempts = new Map<string, StoredAttempt>();
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cellId) continue;
    const path = join(segmentPath(run.directory, segment), attemptsFile);
    await eachJsonLine({ path, schema: attemptLineSchema }, warnings, (line) => {
      if (wanted.has(line.attemptKey)) attempts.set(line.attemptKey, line);
    });
  }
  return records.map((record) => ({ record, attempt: attempts.get(record.attemptKey ?? "") ?? null }));
}
