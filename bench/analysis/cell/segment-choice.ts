import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import { keyOf } from "../../store/failed-episodes.ts";
import type { Segment } from "../../store/progress.ts";

/** Whether a segment gives rates, and why not. */
export const segmentUseSchema = z.object({
  segmentId: z.string(),
  used: z.boolean(),
  /** null when used. */
  excluded: z.enum(["unclosed", "interrupted", "engine-died", "replaced", "repaired"]).nullable(),
  /** Finished episodes that count and were run in it. */
  episodes: z.number().int(),
  /** null: no end is recorded. */
  seconds: z.number().nullable(),
  /** Whether the engines became idle before the closing snapshot; null: there was none. */
  drained: z.boolean().nullable(),
});
export type SegmentUse = z.infer<typeof segmentUseSchema>;

/** What of a cell was run again since. */
export interface RunAgain {
  /** Records of the cell that count no more. */
  readonly replaced: readonly EpisodeRecord[];
  /** `limits.failedShare`. */
  readonly failedShareMax: number;
  /** Segments that were given up because of failures in a row, see `stoppedByFailures`. */
  readonly stopped: ReadonlySet<string>;
}

/**
 * Only segments that ran to their end give rates: an unclosed one has no closing snapshot, an interrupted one ends in a
 * drain with less than the load. One whose episodes were all run again (`--redo`) is replaced by that later run. One whose failed
 * episodes were run again is repaired: it measured a failing service, unless few failed, and what was run again gives the rates. That
 * an engine died stays said when the same run went on with a new engine: it is what its users would have met.
 */
export function segmentUse(
  segment: Segment,
  episodes: readonly EpisodeRecord[],
  again: RunAgain,
): SegmentUse {
  const within = episodes.filter(({ segmentId }) => segmentId === segment.segmentId).length;
  const { ended } = segment;
  const base = {
    segmentId: segment.segmentId,
    episodes: within,
    seconds: ended === null ? null : (ended.endedNs - segment.startedNs) / 1e9,
    drained: ended?.drained ?? null,
  };
  if (ended === null) return { ...base, used: false, excluded: "unclosed" };
  if (within === 0 && ended.reason === "engine-died" && segment.resumed)
    return { ...base, used: false, excluded: "replaced" };
  if (isRepaired(segment, episodes, again)) return { ...base, used: false, excluded: "repaired" };
  if (ended.reason !== "complete") return { ...base, used: false, excluded: ended.reason };
  if (within === 0) return { ...base, used: false, excluded: "replaced" };
  return { ...base, used: true, excluded: null };
}

/** Some of its episodes were run again by a later call, and what is left of it is not what it measured. */
function isRepaired(
  segment: Segment,
  episodes: readonly EpisodeRecord[],
  { replaced, failedShareMax, stopped }: RunAgain,
): boolean {
  const within = (all: readonly EpisodeRecord[]) =>
    all.filter(({ segmentId }) => segmentId === segment.segmentId);
  const [counted, gone] = [within(episodes), within(replaced)];
  if (gone.length === 0 || counted.length === 0 || counted.some(isFailed)) return false;
  if (segment.ended?.reason !== "complete")
    return stopped.has(keyOf(segment)) || (segment.ended?.reason === "engine-died" && segment.resumed);
  return !gone.every(isFailed) || gone.length > failedShareMax * (counted.length + gone.length);
}

function isFailed({ status }: EpisodeRecord): boolean {
  return status === "failed";
}
