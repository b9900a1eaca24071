import { spelledAlike } from "../store/json-text.ts";
import type { RecordedEpisode } from "../workload/recorded-episode.ts";
import type { EpisodeRecord, Trajectory } from "../store/record.ts";

/** A trajectory with everything that belongs to it. What formats are made from. */
export interface InlinedTrajectory {
  readonly record: EpisodeRecord;
  readonly trajectory: Trajectory;
  readonly system: string;
  /** JSON text of the tools array on one line, numbers as they were written. */
  readonly tools: string;
  /** Trials of one task that are compared with each other share it, as group-relative advantages need. */
  readonly groupId: string;
  /** What a recording gateway kept of its model calls; null where none did. */
  readonly recorded: RecordedEpisode | null;
}

export function inlined(
  record: EpisodeRecord,
  trajectory: Trajectory,
  parts: Pick<InlinedTrajectory, "system" | "tools" | "groupId" | "recorded">,
): InlinedTrajectory {
  return { record, trajectory, ...parts, tools: spelledAlike(parts.tools) };
}

/** One JSON object per line whose `tools` keep their spelling: `2.0` would become `2` on the way through a parser. */
export function lineWithTools(fields: Readonly<Record<string, unknown>>, tools: string): string {
  const head = JSON.stringify(fields).slice(0, -1);
  return `${head}${head.length > 1 ? "," : ""}"tools":${tools}}`;
}
