import type { ProgressRecord } from "./progress.ts";

/**
 * Wall clock of all calls of a run that came to an end, in seconds; null where none has. Shards of a merged run were measured at the same
 * time: a second in which several went on is one second.
 */
export function runSeconds(records: readonly ProgressRecord[]): number | null {
  const calls: { readonly fromMs: number; readonly toMs: number }[] = [];
  let fromMs: number | null = null;
  for (const record of records) {
    if (record.type === "run-started") fromMs = Date.parse(record.at);
    if (record.type !== "run-ended" || fromMs === null) continue;
    calls.push({ fromMs, toMs: Date.parse(record.at) });
    fromMs = null;
  }
  if (calls.length === 0) return null;
  let [totalMs, coveredMs] = [0, Number.NEGATIVE_INFINITY];
  for (const call of calls.toSorted((a, b) => a.fromMs - b.fromMs)) {
    totalMs += Math.max(0, call.toMs - Math.max(call.fromMs, coveredMs));
    coveredMs = Math.max(coveredMs, call.toMs);
  }
  return totalMs / 1000;
}
