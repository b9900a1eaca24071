import type { ProgressRecord } from "../../store/progress.ts";

/** Milliseconds since 1970. */
export interface Times {
  readonly startedMs: number;
  /** null: it has not ended, or nobody recorded its end. */
  readonly endedMs: number | null;
  /** The last that is known of it. */
  readonly lastMs: number;
}

export interface RunTimes {
  readonly whole: Times;
  /** By cell, of those that were begun. */
  readonly cells: ReadonlyMap<string, Times>;
}

/** When a run and its cells began and ended, as the wall clock said in its records. Pure. */
export function runTimes(createdAt: string, records: readonly ProgressRecord[]): RunTimes {
  const startedMs = Date.parse(createdAt);
  const cells = new Map<string, Times>();
  const segments = new Map<string, { readonly atMs: number; readonly startedNs: number }>();
  let endedMs: number | null = null;
  let lastMs = startedMs;
  for (const record of records) {
    const atMs = "at" in record ? Date.parse(record.at) : endOf(record, segments.get(record.cellId));
    lastMs = Math.max(lastMs, atMs);
    if (record.type === "run-started") endedMs = null;
    if (record.type === "run-ended") endedMs = atMs;
    if (record.type === "segment-started") segments.set(record.cellId, { atMs, startedNs: record.startedNs });
    if (record.type !== "segment-started" && record.type !== "segment-ended" && record.type !== "episode")
      continue;
    const before = cells.get(record.cellId);
    cells.set(record.cellId, {
      startedMs: before?.startedMs ?? atMs,
      endedMs: record.type === "segment-ended" ? atMs : null,
      lastMs: Math.max(before?.lastMs ?? atMs, atMs),
    });
  }
  return { whole: { startedMs, endedMs, lastMs }, cells };
}

/** By the segment's clock: an episode has no time of the wall. -Infinity where its segment is not known. */
function endOf(
  { endedNs }: { readonly endedNs: number },
  segment: { readonly atMs: number; readonly startedNs: number } | undefined,
): number {
  return segment === undefined
    ? Number.NEGATIVE_INFINITY
    : Math.round(segment.atMs + (endedNs - segment.startedNs) / 1e6);
}

/** The moment that a thing's values are of: its end, else the last that is known of it. */
export function momentOf({ endedMs, lastMs }: Times): number {
  return endedMs ?? lastMs;
}
