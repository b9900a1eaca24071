import type { ProgressRecord } from "../../store/progress.ts";

/** Milliseconds since 1970; `ended` null where it has not. */
export interface Times {
  readonly startedMs: number;
  readonly endedMs: number | null;
}

export interface RunTimes {
  readonly whole: Times;
  /** By cell, of those that were begun. */
  readonly cells: ReadonlyMap<string, Times>;
}

/** When a run and its cells began and ended, as the wall clock said in its records. Pure. */
export function runTimes(createdAt: string, records: readonly ProgressRecord[]): RunTimes {
  const cells = new Map<string, Times>();
  let endedMs: number | null = null;
  for (const record of records) {
    if (record.type === "run-started") endedMs = null;
    if (record.type === "run-ended") endedMs = Date.parse(record.at);
    if (record.type === "segment-started") {
      const before = cells.get(record.cellId);
      cells.set(record.cellId, { startedMs: before?.startedMs ?? Date.parse(record.at), endedMs: null });
    }
    if (record.type === "segment-ended") {
      const startedMs = cells.get(record.cellId)?.startedMs ?? Date.parse(record.at);
      cells.set(record.cellId, { startedMs, endedMs: Date.parse(record.at) });
    }
  }
  return { whole: { startedMs: Date.parse(createdAt), endedMs }, cells };
}

/** The moment that a thing's values are of: its end, else the last that is known of it. */
export function momentOf({ startedMs, endedMs }: Times): number {
  return endedMs ?? startedMs;
}
