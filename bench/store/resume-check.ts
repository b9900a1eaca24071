import { RunUnreadableError } from "../errors.ts";
import type { RunJson } from "./run-json.ts";

/** Refuses to continue a run with another experiment, other data or other planned episodes. Throws RunUnreadableError. */
export function checkResumable(stored: RunJson, now: Pick<RunJson, "hashes" | "cells">): void {
  const names = [...new Set([...Object.keys(stored.hashes), ...Object.keys(now.hashes)])].sort();
  const changed = names.filter((name) => stored.hashes[name] !== now.hashes[name]);
  if (changed.length > 0) {
    const list = changed.map(
      (name) => `${name} (${stored.hashes[name] ?? "none"} then, ${now.hashes[name] ?? "none"} now)`,
    );
    throw new RunUnreadableError(
      `Run ${stored.runId} cannot be continued, because this changed: ${list.join(", ")}. Restore it, or start a new run.`,
    );
  }
  if (planText(stored.cells) === planText(now.cells)) return;
  throw new RunUnreadableError(
    `Run ${stored.runId} cannot be continued: its plan has other cells or episodes than this experiment. Start a new run.`,
  );
}

function planText(cells: RunJson["cells"]): string {
  return JSON.stringify(cells.map(({ cellId, episodeIds }) => [cellId, episodeIds]));
}
