import { exitCodes } from "../exit-codes.ts";
import type { StackDeath } from "../stack/stack.ts";
import type { EngineRecovery, Recovery } from "./engine-recovery.ts";
import type { RunOutcome } from "./run-outcome.ts";
import type { PlannedCellRun } from "./remaining-work.ts";
import { runSegment, type SegmentEnd, type SegmentParts } from "./segment.ts";

export interface SweepParts extends SegmentParts {
  readonly recovery: Pick<EngineRecovery, "after">;
  /** Writes the cell's summary record from its evidence. */
  readonly summarise: (cellId: string) => Promise<void>;
}

/**
 * Runs one cell after the other. A part that dies ends its segment; an engine may be started again for the rest of the
 * cell, and cells of arms that do not need the part go on. After `limits.failures` failed episodes in a row the run, or the arm, is given up.
 */
export async function runSweep(parts: SweepParts, cells: readonly PlannedCellRun[]): Promise<RunOutcome> {
  const broken = new Map<StackDeath, string>();
  let unfinished = false;
  for (const planned of cells) {
    if (planned.remaining.length === 0) continue;
    if (!parts.stop.admits()) return { reason: "interrupted" };
    const { cellId, arm } = planned.cell;
    if (!parts.failures.admits(arm.name)) continue;
    const death = parts.stack.death(arm.name);
    if (death !== null) {
      if (!broken.has(death)) broken.set(death, deathText(death, `before cell ${cellId}`));
      continue;
    }
    const end = await runCell(parts, planned);
    if (end.death !== null) parts.failures.explained();
    if (end.death !== null) broken.set(end.death, deathText(end.death, `during cell ${cellId}`));
    else if (end.reason === "interrupted") {
      // A cell whose own time is up (limits.cellSeconds) says nothing about the others.
      if (!parts.stop.admits()) return { reason: "interrupted" };
      unfinished = true;
    }
    if (end.recovery === "stop" || parts.failures.runStopped) break;
  }
  const given = parts.failures.stops.map(({ message }) => message);
  if (broken.size + given.length === 0) return { reason: unfinished ? "interrupted" : "complete" };
  const message = [...broken.values(), ...given].join("\n");
  return { reason: "failed", message, ...(given.length > 0 && { exitCode: exitCodes.stoppedResumable }) };
}

/** One segment, and another one for what is left whenever its engine died and was started again. */
async function runCell(
  parts: SweepParts,
  planned: PlannedCellRun,
): Promise<SegmentEnd & { readonly recovery: Recovery | null }> {
  for (let left = planned; ;) {
    const end = await runSegment(parts, left);
    await parts.summarise(left.cell.cellId);
    if (end.death === null) return { ...end, recovery: null };
    parts.failures.explained();
    const next = await parts.recovery.after(end.death, parts);
    if (next !== "finish-cell") return { ...end, recovery: next };
    if (end.unfinished.length === 0) return { ...end, death: null, recovery: next };
    left = { ...left, segmentId: nextSegmentId(left.segmentId), remaining: end.unfinished };
  }
}

/** `s0` -> `s1`. */
function nextSegmentId(segmentId: string): string {
  return `s${Number(segmentId.slice(1)) + 1}`;
}

function deathText({ part, message }: StackDeath, when: string): string {
  return `The ${part} ended ${when}: ${message}`;
}
