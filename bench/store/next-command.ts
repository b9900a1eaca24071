import { recordedFailureLimits } from "../config/failure-limits.ts";
import { failedToRepeat } from "./failed-episodes.ts";
import { finishedEpisodes, type RunOutcomes } from "./progress.ts";
import { resumeCommand } from "./resume-command.ts";

/** What a person can do with a run that is not what it should be. */
export interface NextCommand {
  /** A sentence that the command ends, after a colon. */
  readonly why: string;
  readonly command: string;
}

/** How a run is gone on with or repaired, the most pressing thing only; null when all is well, or where nothing can be done. */
export function nextCommand(
  run: Pick<RunOutcomes, "directory" | "identity" | "records">,
): NextCommand | null {
  const { directory, identity, records } = run;
  const next = (why: string, ...more: readonly string[]) => {
    const command = resumeCommand(identity.argv, directory, more);
    return command === null ? null : { why, command };
  };
  if (identity.search !== undefined || identity.feedback !== undefined) {
    const last = records.findLast((record) => record.type === "run-ended");
    return last?.reason === "complete" ? null : next("go on");
  }
  const finished = [...finishedEpisodes(records).values()];
  const planned = identity.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0);
  const failed = finished.filter(({ status }) => status === "failed").length;
  const repeated = failedToRepeat(records, recordedFailureLimits(identity.resolved)).length;
  const andFailed = repeated === 0 ? "" : `, ${repeated} failed episodes included`;
  if (finished.length < planned) return next(`go on${andFailed}`);
  if (repeated > 0) return next(`run the ${repeated} failed episodes again`);
  if (failed > 0) return next(`run the ${failed} failed episodes again`, "--redo", "failed");
  return interruptedCells(run) ? next("measure interrupted cells again", "--redo", "interrupted") : null;
}

/** By the last summary of each cell. */
function interruptedCells({ records }: Pick<RunOutcomes, "records">): boolean {
  const last = new Map<string, unknown>();
  for (const record of records)
    if (record.type === "cell") last.set(record.cellId, record.summary["verdict"]);
  return [...last.values()].includes("interrupted");
}
