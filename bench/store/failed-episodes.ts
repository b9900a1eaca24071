import type { FailureLimits } from "../config/failure-limits.ts";
import { finishedEpisodes, segmentsOf, type EpisodeOutcome, type ProgressRecord } from "./progress.ts";

/**
 * Segments that ended because so many episodes in a row had failed (`limits.failures`), as `cell/segment`. They are found by their
 * episodes, which are recorded in the order of their end, so that no record has to say it.
 */
export function stoppedByFailures(records: readonly ProgressRecord[], failures: number): ReadonlySet<string> {
  const interrupted = new Set(
    segmentsOf(records).flatMap((segment) =>
      segment.ended?.reason === "interrupted" ? [keyOf(segment)] : [],
    ),
  );
  const stopped = new Set<string>();
  let row = 0;
  for (const record of records) {
    if (record.type === "run-started") row = 0;
    if (record.type !== "episode" || record.status === "cancelled") continue;
    row = record.status === "failed" ? row + 1 : 0;
    const key = keyOf(record);
    if (failures > 0 && row >= failures && interrupted.has(key)) stopped.add(key);
  }
  return stopped;
}

/**
 * Failed episodes that a resumed run does again: those of cells that count as failing, of segments that were given up because of them,
 * and of those whose part died. What they were to show is not known. Where few failed and the cell ran on, they are a result.
 */
export function failedToRepeat(
  records: readonly ProgressRecord[],
  { failures, failedShare }: FailureLimits,
): readonly EpisodeOutcome[] {
  const counted = [...finishedEpisodes(records).values()];
  const cut = new Set([
    ...stoppedByFailures(records, failures),
    ...segmentsOf(records).flatMap((segment) =>
      segment.ended?.reason === "engine-died" ? [keyOf(segment)] : [],
    ),
  ]);
  return [...Map.groupBy(counted, ({ cellId }) => cellId).values()].flatMap((episodes) => {
    const failed = episodes.filter(({ status }) => status === "failed");
    const failing = failed.length > failedShare * episodes.length;
    return failed.filter((episode) => failing || cut.has(keyOf(episode)));
  });
}

/** A segment among those of a run. */
export function keyOf(of: { readonly cellId: string; readonly segmentId: string }): string {
  return `${of.cellId}/${of.segmentId}`;
}
