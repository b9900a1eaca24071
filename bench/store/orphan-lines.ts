import { truncate } from "node:fs/promises";
import { finishedEpisodes } from "./progress.ts";
import { logPath, readTrajectories, type EpisodeLog, type StoreWarning } from "./read-run.ts";
import type { EpisodeRecord, RunRecord, Trajectory } from "./record.ts";
import { readRecordedTokens } from "./recorded-tokens.ts";
import { storing } from "./storage-error.ts";

/**
 * Cuts off what a killed driver left behind the last line whose episode was recorded: at most a torn line and one whole
 * line of each log, because tokens, trajectory and record are written in turn. Returns a warning for each.
 */
export async function dropOrphans(
  directory: string,
  records: readonly RunRecord[],
): Promise<readonly StoreWarning[]> {
  const episodes = records.filter((record) => record.type === "episode");
  const recorded = new Set(episodes.map(trajectoryKey));
  const attempts = new Set(episodes.map(({ attemptKey }) => attemptKey));
  const warnings: StoreWarning[] = [];
  const trajectories = readTrajectories(directory, warnings);
  await cutBehind(directory, "trajectories.jsonl", {
    warnings,
    lines: mapped(trajectories, ({ trajectory, line, endByte }) => ({
      line,
      endByte,
      kept: recorded.has(trajectoryKey(trajectory)),
    })),
  });
  const tokens = readRecordedTokens(directory, warnings);
  await cutBehind(directory, "tokens.jsonl", {
    warnings,
    lines: mapped(tokens, ({ recorded: { attemptKey }, line, endByte }) => ({
      line,
      endByte,
      kept: attempts.has(attemptKey),
    })),
  });
  return warnings;
}

interface LogLine {
  readonly line: number;
  readonly endByte: number;
  /** Its episode is in the records. */
  readonly kept: boolean;
}

async function cutBehind(
  directory: string,
  log: EpisodeLog,
  { lines, warnings }: { readonly lines: AsyncIterable<LogLine>; readonly warnings: StoreWarning[] },
): Promise<void> {
  const path = await logPath(directory, log);
  if (path === null) return;
  let keptBytes = 0;
  let orphans: number[] = [];
  for await (const { line, endByte, kept } of lines) {
    orphans.push(line);
    if (!kept) continue;
    keptBytes = endByte;
    orphans = [];
  }
  for (const line of orphans) {
    warnings.push({ file: path, line, message: "its episode was not recorded, so the line was dropped" });
  }
  await storing(path, "Cannot truncate", () => truncate(path, keptBytes));
}

async function* mapped<From, To>(items: AsyncIterable<From>, to: (item: From) => To): AsyncGenerator<To> {
  for await (const item of items) yield to(item);
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
