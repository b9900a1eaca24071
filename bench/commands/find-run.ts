import { resolve } from "node:path";
import { Option } from "commander";
import { ConfigError } from "../errors.ts";
import { readRunJson } from "../store/read-run.ts";
import { resolveRun } from "../store/list-runs.ts";
import { refuseFeedback } from "./feedback-run.ts";
import type { Host } from "./host.ts";

/** How every command that reads runs is told where they are. */
export interface RunsFlag {
  readonly runs: string;
}

/** `--out` is its older name, in commands that write no result of their own. */
export function runsOption(older: "" | "--out, " = ""): Option {
  return new Option(
    `${older}--runs <folder>`,
    "folder of run directories, for @last, @prev and names",
  ).default("runs");
}

/** The run that a person means: a path, a name in the folder, `@last` (also when nothing is given), or `@prev`. */
export async function findRun(host: Host, run: string | undefined, flags: RunsFlag): Promise<string> {
  return resolveRun(run, { runs: runsFolder(host, flags) });
}

/** The same, for commands about episodes. @throws {ConfigError} when the run is a replay, or one of the preference loop: neither has any */
export async function findEpisodes(host: Host, run: string | undefined, flags: RunsFlag): Promise<string> {
  const directory = await findMeasured(host, run, flags);
  await refuseReplay(directory);
  return directory;
}

/** The same, for commands about cells. @throws {ConfigError} when the run is one of the preference loop, which has none */
export async function findMeasured(host: Host, run: string | undefined, flags: RunsFlag): Promise<string> {
  const directory = await findRun(host, run, flags);
  await refuseFeedback(directory, "cells and no episodes");
  return directory;
}

/** @throws {ConfigError} */
export async function refuseReplay(directory: string): Promise<void> {
  const { replay, runId } = await readRunJson(directory);
  if (replay === undefined) return;
  throw new ConfigError(
    `${runId} is a replay, which has no episodes: see \`tollgate report ${directory}\`, or the run that it replayed, ${replay.source.runId}.`,
  );
}

export function runsFolder({ workingDirectory }: Host, { runs }: RunsFlag): string {
  return resolve(workingDirectory, runs);
}
