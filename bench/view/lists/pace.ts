import { durationText, numberText } from "../../report/tables/number-text.ts";
import type { RunFacts } from "../run-facts.ts";

/** How fast the cell goes that runs now, and how long the rest takes at that pace; null before two episodes of it have ended. */
export function paceText({ rows, cells }: Pick<RunFacts, "rows" | "cells">): string | null {
  const now = cells.find(({ state }) => state === "running");
  if (now === undefined) return null;
  // Monotonic times of one call of the command; a resumed cell began in another.
  const last = rows.findLast(({ cellId }) => cellId === now.planned.cellId);
  const ends = rows.flatMap(({ cellId, endedNs, startedNs }) =>
    cellId === now.planned.cellId && last !== undefined && startedNs <= last.endedNs ? [endedNs] : [],
  );
  const [first] = ends;
  if (first === undefined || last === undefined || ends.length < 2 || last.endedNs <= first) return null;
  const perMinute = ((ends.length - 1) * 60e9) / (last.endedNs - first);
  const left = now.planned.episodeIds.length - now.finished;
  const rest = left === 0 ? "" : `, about ${durationText((left * 60) / perMinute)} left in it`;
  return `${now.planned.cellId}: ${numberText(perMinute)} episodes/min${rest}`;
}
