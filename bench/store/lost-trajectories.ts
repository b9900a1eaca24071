import { readLines } from "./line-file.ts";
import { finishedEpisodes } from "./progress.ts";
import { logPath } from "./read-run.ts";
import type { EpisodeRecord, RunRecord } from "./record.ts";

/** Finished episodes whose trajectory is not where it was written: a record is written only behind its trajectory. */
export interface LostTrajectories {
  readonly episodes: readonly EpisodeRecord[];
  readonly finished: number;
  /** What is wrong with the file, and what to do; null when nothing is lost. */
  readonly message: string | null;
}

/** Reads `trajectories.jsonl` line by line and only as far into each line as its names stand. */
export async function lostTrajectories(
  directory: string,
  records: readonly RunRecord[],
): Promise<LostTrajectories> {
  const path = await logPath(directory, "trajectories.jsonl");
  const stored = path === null ? new Set<string>() : await storedKeys(path);
  const finished = [...finishedEpisodes(records).values()];
  const episodes = finished.filter(({ episodeId, segmentId }) => !stored.has(`${episodeId}/${segmentId}`));
  const where = path === null ? "trajectories.jsonl is missing" : "not a line of trajectories.jsonl";
  const message = `${episodes.length} of ${finished.length} finished episodes have no trajectory (${where}): they cannot be exported. Restore the file from a copy, or run them again with \`--resume RUN --redo failed\`.`;
  return { episodes, finished: finished.length, message: episodes.length === 0 ? null : message };
}

/** Names stand first in a line, in this order (see `trajectorySchema`). */
const names = /^\{"v":1,"episodeId":"([^"]*)","cellId":"(?:[^"\\]|\\.)*","segmentId":"([^"]*)"/;
const namesBytesMax = 512;

async function storedKeys(path: string): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const { bytes, terminated } of readLines(path)) {
    const [, episodeId, segmentId] = names.exec(bytes.toString("utf8", 0, namesBytesMax)) ?? [];
    if (terminated && episodeId !== undefined && segmentId !== undefined)
      keys.add(`${episodeId}/${segmentId}`);
  }
  return keys;
}
