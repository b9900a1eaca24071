import { ConfigError } from "../errors.ts";
import { shardText } from "../plan/shard.ts";
import { strangersAmong } from "./differences.ts";
import { chooseRun, withoutIdle } from "./same-shard.ts";
import { listed, type ShardRun } from "./shard-run.ts";

/** Shards that make a sweep together, or what there is of it. */
export interface ShardSet {
  /** One for each shard that is there, in their order. */
  readonly runs: readonly ShardRun[];
  /** Cells of the whole sweep, in its order. */
  readonly plan: ShardRun["shard"]["plan"];
  readonly missing: readonly { readonly index: number; readonly cells: readonly string[] }[];
  /** What a person should know: copies that were left out, what is not finished. */
  readonly notes: readonly string[];
}

/**
 * Holds runs against each other before anything is written. Everything that is wrong is said at once.
 * @param partial whether missing and unfinished shards are let pass
 * @throws {ConfigError}
 */
export async function shardSetOf(given: readonly ShardRun[], partial: boolean): Promise<ShardSet> {
  const [first] = given;
  if (first === undefined) throw new ConfigError("No run was given. Give the runs of all shards.");
  const byIndex = Map.groupBy(given, ({ shard }) => shard.index);
  // What measured nothing is in nobody's way, whoever began it: an image that had to be mended leaves such runs.
  const worthy = [...byIndex].toSorted(([a], [b]) => a - b).map(([, own]) => withoutIdle(own));
  await refuseStrangers(given.filter((run) => worthy.some(({ runs }) => runs.includes(run))));
  const problems: string[] = [];
  const notes = worthy.flatMap((one) => one.notes);
  const runs: ShardRun[] = [];
  for (const { runs: own } of worthy) {
    const chosen = await chooseRun(own);
    if (typeof chosen === "string") {
      problems.push(chosen);
      continue;
    }
    runs.push(chosen.run);
    notes.push(...chosen.notes);
  }
  problems.push(...runs.flatMap(otherCells));
  const missing = missingOf(first, byIndex);
  const open = [
    ...missing.map(
      ({ index, cells }) =>
        `${shardText({ ...first.shard, index })} is missing (${listed(cells)}). Run it: tollgate sweep FILE --shard ${index}/${first.shard.count}${first.shard.by === "loads" ? "" : ` --split ${first.shard.by}`}`,
    ),
    ...runs.filter(isUnfinished).map(unfinishedText),
  ];
  if (partial) notes.push(...open);
  else problems.push(...open);
  if (problems.length > 0) throw new ConfigError(refusal(problems, open));
  return { runs, plan: first.shard.plan, missing, notes };
}

function refusal(problems: readonly string[], open: readonly string[]): string {
  const advice =
    problems.length === open.length
      ? "\n--partial merges what there is, and the report says what is not."
      : "";
  return `These runs cannot be merged:\n${problems.map((text) => `  ${text}`).join("\n")}${advice}`;
}

/** @throws {ConfigError} for runs that are not of one sweep */
async function refuseStrangers(given: readonly ShardRun[]): Promise<void> {
  const found = await strangersAmong(given);
  if (found.length === 0) return;
  const pairs = Map.groupBy(found, ({ run, other }) =>
    run === other
      ? `${run.directory} was measured by programs that are not the same`
      : `${run.directory} and ${other.directory} are not of one sweep`,
  );
  const strangers = [...pairs].map(
    ([pair, own]) =>
      `${pair}:\n${own.flatMap(({ differences }) => differences.map((text) => `    ${text}`)).join("\n")}`,
  );
  throw new ConfigError(
    `These runs cannot be merged, because their numbers would not belong together:\n${strangers.map((text) => `  ${text}`).join("\n")}\nGive the shards of one sweep, measured with the same programs from beginning to end.`,
  );
}

/** A run whose cells are not those of the shard that it says it is. */
function otherCells({ shard, identity: { cells }, directory }: ShardRun): readonly string[] {
  const planned = shard.plan.filter(({ shard: owner }) => owner === shard.index).map(({ cellId }) => cellId);
  const own = cells.map(({ cellId }) => cellId);
  const unlike = [
    ...own.filter((cellId) => !planned.includes(cellId)),
    ...planned.filter((cellId) => !own.includes(cellId)),
  ];
  if (unlike.length === 0) return [];
  return [
    `${directory} says that it is ${shardText(shard)}, and its cells are others (${listed(unlike)}): its run.json was changed.`,
  ];
}

function missingOf(
  { shard: { count, plan } }: ShardRun,
  there: ReadonlyMap<number, unknown>,
): ShardSet["missing"] {
  const indexes = Array.from({ length: count }, (_, index) => index).filter((index) => !there.has(index));
  return indexes.map((index) => ({
    index,
    cells: plan.filter(({ shard }) => shard === index).map(({ cellId }) => cellId),
  }));
}

function isUnfinished({ finished, planned }: ShardRun): boolean {
  return finished.size < planned;
}

function unfinishedText({ shard, directory, finished, planned }: ShardRun): string {
  return `${shardText(shard)} is not finished: ${finished.size} of ${planned} episodes. Go on with it where it ran: tollgate resume ${directory}`;
}
