import { z } from "zod";
import { readToolTimes, type ToolTime } from "./episode-stamps.ts";
import { readTapTimings, type TapTiming } from "./tap-timing.ts";
import { finishedEpisodes, segmentsOf, type Segment } from "../store/progress.ts";
import { exists, type StoredRun, type StoreWarning } from "../store/read-run.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { segmentPath } from "../store/run-directory.ts";
import type { PlannedCell, RunJson } from "../store/run-json.ts";
import { join } from "node:path";

/** A segment with what its taps and its tool server saw, and the episodes whose result it gave. */
export interface RunSegment {
  readonly run: RunJson;
  readonly segment: Segment;
  /** null for a segment of a cell that `run.json` does not name. */
  readonly cell: PlannedCell | null;
  /** Verdict of the cell's summary; null where it has none yet. */
  readonly verdict: string | null;
  /** Whether the report's rates and latencies are over this segment, too; null where the cell has no summary. */
  readonly used: boolean | null;
  /** The records that count and were made in it, in their order. */
  readonly episodes: readonly EpisodeRecord[];
  /** null: the taps left no file. */
  readonly timings: readonly TapTiming[] | null;
  readonly tools: readonly ToolTime[];
}

/** The segments of a run in their order, one at a time: memory grows with the largest of them. Throws RunUnreadableError. */
export async function* readSegments(run: StoredRun, warnings: StoreWarning[]): AsyncGenerator<RunSegment> {
  const cells = new Map(run.identity.cells.map((cell) => [cell.cellId, cell] as const));
  const episodes = Map.groupBy(finishedEpisodes(run.records).values(), keyOf);
  const summaries = summariesOf(run);
  for (const segment of segmentsOf(run.records)) {
    const directory = segmentPath(run.directory, segment);
    const summary = summaries.get(segment.cellId);
    yield {
      run: run.identity,
      segment,
      cell: cells.get(segment.cellId) ?? null,
      verdict: summary?.verdict ?? null,
      used: summary?.segments.find(({ segmentId }) => segmentId === segment.segmentId)?.used ?? null,
      episodes: episodes.get(keyOf(segment)) ?? [],
      timings: (await exists(join(directory, "taps.ndjson")))
        ? await readTapTimings(directory, warnings)
        : null,
      tools: await readToolTimes(directory, warnings),
    };
  }
}

/** Wall clock of a monotonic stamp of the segment, microseconds: its start is known to the millisecond on both clocks. */
export function wallMicroseconds({ at, startedNs }: Segment, ns: number): number {
  return Date.parse(at) * 1000 + Math.round((ns - startedNs) / 1000);
}

function keyOf(of: { readonly cellId: string; readonly segmentId: string }): string {
  return `${of.cellId}/${of.segmentId}`;
}

const summarySchema = z.object({
  verdict: z.string(),
  segments: z.array(z.object({ segmentId: z.string(), used: z.boolean() })),
});

function summariesOf({ records }: StoredRun): ReadonlyMap<string, z.infer<typeof summarySchema>> {
  return new Map(
    records.flatMap((record) => {
      const summary = record.type === "cell" ? summarySchema.safeParse(record.summary).data : undefined;
      return record.type === "cell" && summary !== undefined ? [[record.cellId, summary] as const] : [];
    }),
  );
}
