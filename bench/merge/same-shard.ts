import { open } from "node:fs/promises";
import { recordsFile } from "../store/read-run.ts";
import { shardText } from "../plan/shard.ts";
import { listed, type ShardRun } from "./shard-run.ts";

/** What one shard's runs come to. */
export interface ChosenRun {
  readonly run: ShardRun;
  /** What a person should know of the others. */
  readonly notes: readonly string[];
}

/** Runs of one shard without those that have finished nothing; where all are such, the one that says the most. */
export function withoutIdle(runs: readonly ShardRun[]): {
  readonly runs: readonly ShardRun[];
  readonly notes: readonly string[];
} {
  const working = runs.filter(({ finished }) => finished.size > 0);
  const kept = working.length > 0 ? working : longestFirst(runs).slice(0, 1);
  const used = new Set(kept.map(({ directory }) => directory));
  const idle = new Set(runs.flatMap(({ directory }) => (used.has(directory) ? [] : [directory])));
  return { runs: kept, notes: [...idle].map((path) => `${path} has finished nothing and is left out`) };
}

const longestFirst = (runs: readonly ShardRun[]) =>
  runs.toSorted((a, b) => b.recordsEndByte - a.recordsEndByte);

/**
 * The run that counts among those that were given of one shard: the only one, or the longest of copies of one run.
 * @returns in words, why none can be chosen
 */
export async function chooseRun(runs: readonly ShardRun[]): Promise<ChosenRun | string> {
  const notes: string[] = [];
  const distinct = new Map<string, ShardRun>();
  for (const run of runs) {
    if (distinct.has(run.directory)) notes.push(`${run.directory} was given twice and is used once`);
    distinct.set(run.directory, run);
  }
  const [chosen, ...others] = longestFirst([...distinct.values()]);
  if (chosen === undefined) throw new Error("a shard without a run is no shard");
  for (const other of others) {
    if (!(await isOlderCopy(other, chosen))) return conflictText(chosen, other);
    notes.push(`${other.directory} is an older copy of ${chosen.directory} and is left out`);
  }
  return { run: chosen, notes };
}

function conflictText(one: ShardRun, other: ShardRun): string {
  const both = [...one.finished].filter(([id]) => other.finished.has(id));
  const unlike = both.filter(([id, attempt]) => other.finished.get(id) !== attempt).map(([id]) => id);
  const say = ({ directory, finished, planned }: ShardRun) => `${directory} (${finished.size} of ${planned})`;
  const shared =
    unlike.length > 0
      ? `${unlike.length} episodes have two results (${listed(unlike)})`
      : `${both.length} episodes are in both, and what was recorded around them is not the same`;
  return `${shardText(one.shard)} was run twice: ${say(one)} and ${say(other)}; ${shared}. Give one of the two.`;
}

/** A copy that was made while the run went on holds the beginning of its records, byte for byte. */
async function isOlderCopy(shorter: ShardRun, longer: ShardRun): Promise<boolean> {
  if (shorter.identity.runId !== longer.identity.runId) return false;
  await using a = await open(recordsFile(shorter.directory).path);
  await using b = await open(recordsFile(longer.directory).path);
  const size = 1 << 18;
  for (let at = 0; at < shorter.recordsEndByte; at += size) {
    const length = Math.min(size, shorter.recordsEndByte - at);
    const [one, other] = await Promise.all(
      [a, b].map(async (file) => (await file.read(Buffer.alloc(length), 0, length, at)).buffer),
    );
    if (one === undefined || other === undefined || !one.equals(other)) return false;
  }
  return true;
}
