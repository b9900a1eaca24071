import { truncate } from "node:fs/promises";
import { finishedEpisodes } from "./progress.ts";
import { readTrajectories, trajectoriesPath, type StoreWarning } from "./read-run.ts";
import type { EpisodeRecord, RunRecord, Trajectory } from "./record.ts";
import { storing } from "./storage-error.ts";

/**
 * Cuts off what a killed driver left behind the last trajectory whose episode was recorded: at most a torn line and one
 * whole line, because a trajectory and its record are written in turn. Returns a warning for each.
 */
export async function dropOrphans(
  directory: string,
  records: readonly RunRecord[],
): Promise<readonly StoreWarning[]> {
  const path = await trajectoriesPath(directory);
  if (path === null) return [];
  const warnings: StoreWarning[] = [];
  const recorded = new Set(records.filter((record) => record.type === "episode").map(trajectoryKey));
  let keptBytes = 0;
  let orphans: number[] = [];
  for await (const { trajectory, line, endByte } of readTrajectories(directory, warnings)) {
    orphans.push(line);
    if (!recorded.has(trajectoryKey(trajectory))) continue;
    keptBytes = endByte;
    orphans = [];
  }
  for (const line of orphans) {
    warnings.push({
      file: path,
      line,
      message: "its episode was not recorded, so the trajectory was dropped",
    });
  }
  await storing(path, "Cannot truncate", () => truncate(path, keptBytes));
  return warnings;
}

/** Finds the record that counts for a trajectory; null for an orphan and for an attempt that `--redo` replaced. */
export function recordFinder(
  records: readonly RunRecord[],
): (trajectory: Trajectory) => EpisodeRecord | null {
  const finished = finishedEpisodes(records);
  return (trajectory) => {
    const record = finished.get(trajectory.episodeId);
    return record !== undefined && trajectoryKey(record) === trajectoryKey(trajectory) ? record : null;
  };
}

function trajectoryKey(of: { readonly episodeId: string; readonly segmentId: string }): string {
  return `${of.episodeId}/${of.segmentId}`;
}
