import type { ProgressRecord } from "./progress.ts";

/** Wall clock of all calls of a run that came to an end, in seconds; null where none has. */
export function runSeconds(records: readonly ProgressRecord[]): number | null {
  let [seconds, ended] = [0, false];
  let startedMs: number | null = null;
  for (const record of records) {
    if (record.type === "run-started") startedMs = Date.parse(record.at);
    if (record.type !== "run-ended" || startedMs === null) continue;
    seconds += (Date.parse(record.at) - startedMs) / 1000;
    [startedMs, ended] = [null, true];
  }
  return ended ? seconds : null;
}
