import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Option, type Command } from "commander";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { ConfigError } from "../errors.ts";
import { experimentFingerprint } from "../plan/identity.ts";
import { parseShard, shardSplits, type Shard, type ShardSplit } from "../plan/shard.ts";
import { ownPrograms } from "../host/own-programs.ts";
import { readOutcomes } from "../store/episode-index.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { exists, readRunJson } from "../store/read-run.ts";
import { programDifferences } from "../store/resume-check.ts";
import { systemErrorCode } from "../store/storage-error.ts";
import type { Host } from "./host.ts";

export interface ShardFlags {
  readonly shard?: string;
  readonly split?: ShardSplit;
}

/** How every command is told that only a part of a sweep is meant. */
export function shardOptions(command: Command): Command {
  return command
    .option(
      "--shard <i/n>",
      "only the cells of one of N parts, counted from 0 (docs/scale.md); N alone: JOB_COMPLETION_INDEX says which",
    )
    .addOption(splitOption());
}

export function splitOption(): Option {
  return new Option(
    "--split <what>",
    "with shards: divide the sweep by its loads, or by its repetitions (default: loads)",
  ).choices(shardSplits);
}

/** @throws {ConfigError} */
export function shardIn({ shard, split }: ShardFlags, { environment }: Host): Shard | undefined {
  if (shard === undefined) {
    if (split !== undefined)
      throw new ConfigError("--split says how --shard I/N divides a sweep: give both.");
    return undefined;
  }
  return parseShard(shard, { by: split ?? "loads", completionIndex: environment["JOB_COMPLETION_INDEX"] });
}

/**
 * The newest run of this experiment, and of this very part of it, in a folder of run directories; null where there is none. One that other
 * programs have begun and that holds nothing yet, as an image leaves it that had to be mended, is passed over.
 */
export async function startedRun(
  folder: string,
  of: { readonly loaded: LoadedExperiment; readonly shard: Shard | undefined },
): Promise<string | null> {
  const wanted = experimentFingerprint(of.loaded);
  const own = await ownPrograms();
  let newest: { readonly path: string; readonly at: string } | null = null;
  for (const name of await namesIn(folder)) {
    const path = resolve(folder, name);
    if (!(await exists(join(path, "run.json")))) continue;
    const identity = await readRunJson(path);
    const { hashes, shard, createdAt, merged } = identity;
    const same =
      hashes["experiment"] === wanted &&
      merged === undefined &&
      shard?.index === of.shard?.index &&
      shard?.count === of.shard?.count &&
      shard?.by === of.shard?.by;
    if (!same || (newest !== null && createdAt <= newest.at)) continue;
    if (programDifferences(identity, own).length > 0 && (await isEmpty(path))) continue;
    newest = { path, at: createdAt };
  }
  return newest?.path ?? null;
}

async function isEmpty(path: string): Promise<boolean> {
  return finishedEpisodes((await readOutcomes(path)).records).size === 0;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
}
