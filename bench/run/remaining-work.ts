import type { FailureLimits } from "../config/failure-limits.ts";
import type { Cell } from "../plan/cells.ts";
import type { PlannedEpisode, RunPlan } from "../plan/run-plan.ts";
import { failedToRepeat } from "../store/failed-episodes.ts";
import { finishedEpisodes, segmentsOf } from "../store/progress.ts";
import type { RunRecord } from "../store/record.ts";
import { recordIncomplete } from "./attempt.ts";

/** A cell and what is left to do in it. */
export interface PlannedCellRun {
  readonly cell: Cell;
  readonly segmentId: string;
  readonly remaining: readonly PlannedEpisode[];
}

/** What is left to do, given what was recorded and the ids of what is to be done again (see `RedoRule`); a cell that goes on gets a segment of its own. */
export function remainingCells(
  plan: RunPlan,
  records: readonly RunRecord[],
  redo: ReadonlySet<string> = new Set(),
): PlannedCellRun[] {
  const finished = finishedEpisodes(records);
  const segments = segmentsOf(records);
  return plan.cells.map(({ cell, episodes }) => ({
    cell,
    segmentId: `s${segments.filter(({ cellId }) => cellId === cell.cellId).length}`,
    remaining: redo.has(cell.cellId)
      ? episodes
      : episodes.filter(({ episodeId }) => !finished.has(episodeId) || redo.has(episodeId)),
  }));
}

/** Ids of cells, or of single episodes, that a resumed run does again. */
export type RedoRule = (records: readonly RunRecord[], limits: FailureLimits) => ReadonlySet<string>;

/**
 * Cells with results that count from a segment that did not run to its end: such a segment gives no rates. A cell that was
 * done again as a whole has none any more.
 */
export const redoInterrupted: RedoRule = (records) => {
  const partial = new Set(
    segmentsOf(records).flatMap(({ ended, cellId, segmentId }) =>
      ended?.reason === "complete" ? [] : [`${cellId}/${segmentId}`],
    ),
  );
  const counted = [...finishedEpisodes(records).values()];
  return new Set(
    counted.flatMap(({ cellId, segmentId }) => (partial.has(`${cellId}/${segmentId}`) ? [cellId] : [])),
  );
};

/** Cells whose last verdict is not among those that are good enough. */
export function redoUnusable(usable: ReadonlySet<string>): RedoRule {
  return (records) => {
    const last = new Map<string, string>();
    for (const record of records)
      if (record.type === "cell") last.set(record.cellId, String(record.summary["verdict"]));
    return new Set([...last].flatMap(([cellId, verdict]) => (usable.has(verdict) ? [] : [cellId])));
  };
}

/** What each of the rules names. */
export function redoAll(...rules: readonly RedoRule[]): RedoRule {
  return (records, limits) => new Set(rules.flatMap((rule) => [...rule(records, limits)]));
}

/** What a resumed run does again unasked. */
export const redoFailing: RedoRule = (records, limits) =>
  new Set(failedToRepeat(records, limits).map(({ episodeId }) => episodeId));

/** Failed episodes of every cell. */
export const redoFailed: RedoRule = (records) => {
  const failed = [...finishedEpisodes(records).values()].filter(({ status }) => status === "failed");
  return new Set(failed.map(({ episodeId }) => episodeId));
};

/** A collection has no use for a hole: what a failed part ended, or what the gateway did not record whole, is done again. */
export const redoFailedEpisodes: RedoRule = (records) => {
  const failed = [...finishedEpisodes(records).values()].filter(
    ({ status, labels }) => status === "failed" || labels.includes(recordIncomplete),
  );
  return new Set(failed.map(({ episodeId }) => episodeId));
};
