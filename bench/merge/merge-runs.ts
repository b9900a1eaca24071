import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { compressLog } from "../store/compressed-log.ts";
import { DriverLock } from "../store/driver-lock.ts";
import { makeFolder } from "../store/make-folder.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { exists, readRun } from "../store/read-run.ts";
import type { RunRecord } from "../store/record.ts";
import { storing } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";
import { MergedEvidence } from "./merged-evidence.ts";
import { mergedIdentity } from "./merged-identity.ts";
import { MergedLogs } from "./merged-logs.ts";
import { readShardRun, type ShardRun } from "./shard-run.ts";
import { shardSetOf, type ShardSet } from "./shard-set.ts";

export interface MergeOptions {
  /** Run directory to make. */
  readonly out: string;
  /** Whether shards may be missing or unfinished. */
  readonly partial: boolean;
  /** Wall clock, ISO 8601. */
  readonly now: string;
}

export interface MergedRun {
  readonly directory: string;
  readonly shards: number;
  readonly episodes: number;
  readonly planned: number;
  readonly reason: EndReason;
  /** What a person should know. */
  readonly notes: readonly string[];
}

type EndReason = Extract<RunRecord, { readonly type: "run-ended" }>["reason"];

/**
 * Joins the runs of a sweep's shards into one run directory: records, trajectories and tokens of every episode once, evidence in the
 * places where readers look for it. The directory appears with its whole content, or not at all; the shards stay as they are.
 * @throws {ConfigError} for runs that do not belong together, and where there is a directory already
 * @throws {RunUnreadableError} for a damaged shard
 * @throws {StorageError} when the disk does not take it
 */
export async function mergeRuns(directories: readonly string[], options: MergeOptions): Promise<MergedRun> {
  const { out } = options;
  if (await exists(out))
    throw new ConfigError(
      `${out} is there already. Give -o a place where nothing is; a merge adds to no run.`,
    );
  const runs: ShardRun[] = [];
  for (const directory of directories) runs.push(await readShardRun(directory));
  const set = await shardSetOf(runs, options.partial);
  const unfinished = `${out}.merging`;
  await storing(unfinished, "Cannot create", () => makeFolder(dirname(unfinished)));
  await storing(unfinished, "Cannot create", () => makeFolder(unfinished));
  const lock = await DriverLock.acquire(unfinished, process.pid);
  try {
    await clear(unfinished);
    const leftOut = await write(set, unfinished, options);
    const merged = await checked(set, unfinished);
    await lock[Symbol.asyncDispose]();
    await storing(out, "Cannot create", () => rename(unfinished, out));
    const links = leftOut.map((path) => `left out, because it is no file: ${path}`);
    return { ...merged, directory: out, reason: endOf(set).reason, notes: [...set.notes, ...links] };
  } catch (thrown) {
    await lock[Symbol.asyncDispose]();
    await rm(unfinished, { recursive: true, force: true });
    throw thrown;
  }
}

/** What a merge that was killed has left. */
async function clear(directory: string): Promise<void> {
  const names =
    "run.json records.jsonl trajectories.jsonl tokens.jsonl tokens.jsonl.zst judgements.jsonl evidence logs";
  for (const name of names.split(" ")) await rm(join(directory, name), { recursive: true, force: true });
}

/** Returns what was left out. */
async function write(
  set: ShardSet,
  directory: string,
  { out, now }: MergeOptions,
): Promise<readonly string[]> {
  // As in every run: what was sent and answered may hold keys of others.
  for (const folder of ["logs", "evidence"])
    await storing(directory, "Cannot create", () => mkdir(join(directory, folder), { mode: 0o700 }));
  const evidence = new MergedEvidence(directory);
  {
    await using logs = new MergedLogs(directory);
    for (const shard of set.runs) {
      await logs.append(shard);
      await evidence.add(shard);
    }
    await logs.end({ v: 1, type: "run-ended", at: now, ...endOf(set) });
  }
  await evidence.finish();
  if (endOf(set).reason === "complete") await compressLog(directory, "tokens.jsonl");
  const path = join(directory, "run.json");
  const text = `${JSON.stringify(mergedIdentity(set, basename(out)), null, 2)}\n`;
  await storing(path, "Cannot write", () => writeWhole(path, text, 0o600));
  return evidence.leftOut;
}

/** How a sweep on one machine would have ended that has all of this behind it. */
function endOf({ runs, missing }: ShardSet): {
  readonly reason: EndReason;
  readonly exitCode: number;
  readonly error: string | null;
} {
  const ends = runs.map(({ records }) => records.findLast(({ type }) => type === "run-ended"));
  const failed = ends.flatMap((end) => (end?.type === "run-ended" && end.reason === "failed" ? [end] : []));
  const [worst] = failed;
  if (worst !== undefined) {
    const error = failed.flatMap((end) => end.error ?? []).join("\n");
    return { reason: "failed", exitCode: worst.exitCode, error: error === "" ? null : error };
  }
  const whole =
    missing.length === 0 &&
    runs.every(({ finished, planned }) => finished.size === planned) &&
    ends.every((end) => end?.type === "run-ended" && end.reason === "complete");
  return whole
    ? { reason: "complete", exitCode: exitCodes.ok, error: null }
    : { reason: "interrupted", exitCode: exitCodes.stoppedResumable, error: null };
}

/** Reads what was written: a merge that loses or repeats an episode is a bug, and no run. */
async function checked(
  set: ShardSet,
  directory: string,
): Promise<Pick<MergedRun, "shards" | "episodes" | "planned">> {
  const { identity, records } = await readRun(directory);
  const finished = finishedEpisodes(records);
  const wanted = set.runs.flatMap((run) => [...run.finished.keys()]);
  const planned = identity.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0);
  const lost = wanted.filter((id) => !finished.has(id));
  if (lost.length > 0 || finished.size !== wanted.length)
    throw new Error(
      `a merge of ${wanted.length} episodes holds ${finished.size}, and ${lost.length} of them are lost`,
    );
  return { shards: set.runs.length, episodes: finished.size, planned };
}
