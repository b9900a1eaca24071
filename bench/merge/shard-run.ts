import { realpath } from "node:fs/promises";
import { ConfigError } from "../errors.ts";
import { driverOf } from "../store/driver-lock.ts";
import { lostTrajectories } from "../store/lost-trajectories.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { readRun, readRunJson, type StoredRun } from "../store/read-run.ts";
import type { RunJson } from "../store/run-json.ts";

/** A run that is one part of a sweep, as it lies on the disk. */
export interface ShardRun extends Pick<StoredRun, "directory" | "records" | "recordsEndByte"> {
  /** As `run.json` says it, without the cells that were decided on later. */
  readonly identity: RunJson;
  readonly shard: NonNullable<RunJson["shard"]>;
  /** With those cells. */
  readonly cells: RunJson["cells"];
  /** Ids of episodes that have a result, with the attempt that gave it. */
  readonly finished: ReadonlyMap<string, string>;
  readonly planned: number;
}

/**
 * Reads a run that is to be merged. Nothing on the disk is changed.
 * @throws {ConfigError} when it is no shard of a sweep, or is being written
 * @throws {RunUnreadableError} when it is damaged
 */
export async function readShardRun(given: string): Promise<ShardRun> {
  const identity = await readRunJson(given);
  const directory = await realpath(given);
  refuseOthers(identity, directory);
  const { shard } = identity;
  if (shard === undefined) throw new ConfigError(wholeRunText(identity, directory));
  const driver = await driverOf(directory);
  if (driver !== null)
    throw new ConfigError(
      `${directory} is being written by process ${driver}. Wait for its end (\`tollgate attach ${directory}\`), then merge.`,
    );
  const run = await readRun(directory);
  const { message } = await lostTrajectories(directory, run.records);
  if (message !== null) throw new ConfigError(`${directory} cannot be merged: ${message}`);
  const { records, recordsEndByte, identity: grown } = run;
  const finished = new Map(
    [...finishedEpisodes(records)].map(([id, { segmentId, attemptKey }]) => [
      id,
      `${segmentId}/${attemptKey ?? ""}`,
    ]),
  );
  const planned = grown.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0);
  refuseForeign(grown, directory, finished);
  return { directory, identity, shard, cells: grown.cells, records, recordsEndByte, finished, planned };
}

function refuseOthers({ runId, ...identity }: RunJson, directory: string): void {
  const kinds = {
    replay: "a replay",
    search: "a search",
    merged: "a run that was merged already",
    feedback: "a run of the preference loop",
  } as const;
  const what = Object.entries(kinds).find(
    ([key]) => key in identity && identity[key as keyof typeof kinds] != null,
  )?.[1];
  if (what === undefined) return;
  throw new ConfigError(
    `${directory} (${runId}) is ${what}: only runs of \`tollgate sweep FILE --shard I/N\` can be merged. Give those of the shards.`,
  );
}

function wholeRunText({ runId, cells }: RunJson, directory: string): string {
  return `${directory} (${runId}) is no shard but a whole run, with ${cells.length} cells of its own: nothing is missing in it. Only runs of \`tollgate sweep FILE --shard I/N\` can be merged; two whole runs are compared with \`tollgate compare A B\`.`;
}

/** Records of something else would be counted by nobody. */
function refuseForeign(identity: RunJson, directory: string, finished: ReadonlyMap<string, string>): void {
  const planned = new Set(identity.cells.flatMap(({ episodeIds }) => episodeIds));
  const foreign = [...finished.keys()].filter((id) => !planned.has(id));
  if (foreign.length === 0) return;
  throw new ConfigError(
    `${directory} holds ${foreign.length} episodes that are not of its own plan (${listed(foreign)}): its records are not those of its run.json. Restore both from one copy.`,
  );
}

/** The first three, and how many more there are. */
export function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(", ");
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}
