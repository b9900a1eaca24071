import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import type { Segment } from "../../store/progress.ts";

/** Whether a segment gives rates, and why not. */
export const segmentUseSchema = z.object({
  segmentId: z.string(),
  used: z.boolean(),
  /** null when used. */
  excluded: z.enum(["unclosed", "interrupted", "engine-died", "replaced"]).nullable(),
  /** Finished episodes that count and were run in it. */
  episodes: z.number().int(),
  /** null: no end is recorded. */
  seconds: z.number().nullable(),
  /** Whether the engines became idle before the closing snapshot; null: there was none. */
  drained: z.boolean().nullable(),
});
export type SegmentUse = z.infer<typeof segmentUseSchema>;

/**
 * Only segments that ran to their end give rates: an unclosed one has no closing snapshot, an interrupted one ends in a
 * drain with less than the load. One whose episodes were all run again (`--redo`) is replaced by that later run. That
 * an engine died stays said when the same run went on with a new engine: it is what its users would have met.
 */
export function segmentUse(segment: Segment, episodes: readonly EpisodeRecord[]): SegmentUse {
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
  if (ended.reason !== "complete") return { ...base, used: false, excluded: ended.reason };
  if (within === 0) return { ...base, used: false, excluded: "replaced" };
  return { ...base, used: true, excluded: null };
}
