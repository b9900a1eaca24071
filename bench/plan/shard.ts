import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";

/** What stays together when a sweep is divided: the cells of one load, or those of one repetition. Arms and variants always do. */
export const shardSplits = ["loads", "repetitions"] as const;
export type ShardSplit = (typeof shardSplits)[number];

/** One of the parts that a sweep is divided into, so that several machines measure it at once. */
export interface Shard {
  /** 0-based, as the completion index of a Kubernetes Job. */
  readonly index: number;
  readonly count: number;
  readonly by: ShardSplit;
}

/** A load in a repetition: its cells in every arm, which are compared with each other. */
export interface Block {
  readonly concurrency: number;
  readonly repetition: number;
}

type Swept = Pick<Experiment, "sweep"> & { readonly variance?: unknown };

/**
 * Which blocks are a shard's own. Loads are given out, the longest first, to the shard that has the least work so far; how long one
 * takes is not known before it was measured, and goes by the reciprocal of its agents in flight.
 * @throws {ConfigError} where there is not at least one load (or repetition) for every shard
 */
export function ownBlocks(experiment: Swept, shard: Shard): (block: Block) => boolean {
  const { sweep, variance } = experiment;
  const { index, count, by } = shard;
  if (by === "repetitions" && variance !== undefined)
    throw new ConfigError(
      "variance: decides on repetitions of a load by those before, so they cannot lie on several machines: leave --split repetitions or variance: out.",
    );
  const groups = by === "loads" ? sweep.concurrency.length : sweep.repetitions;
  if (count > groups) throw tooMany(sweep, shard);
  if (by === "repetitions") return ({ repetition }) => repetition % count === index;
  const own = loadsOf(sweep.concurrency, count)[index];
  return ({ concurrency }) => own?.has(concurrency) === true;
}

function tooMany({ concurrency, repetitions }: Experiment["sweep"], { count, by }: Shard): ConfigError {
  const has = (things: number, one: string) => `${things} ${one}${things === 1 ? "" : "s"}`;
  const [own, other] =
    by === "loads"
      ? [has(concurrency.length, "load"), repetitions]
      : [has(repetitions, "repetition"), concurrency.length];
  const [word, key, instead] =
    by === "loads"
      ? ["load", "sweep.concurrency", "--split repetitions"]
      : ["repetition", "sweep.repetitions", "--split loads"];
  const otherwise = other >= count ? `, or divide it by ${instead}` : "";
  return new ConfigError(
    `${count} shards, and the sweep has ${own}: cells of one ${word} stay on one machine, where they are compared with each other. Use at most ${own.split(" ")[0]} shards, give ${key} more${otherwise}.`,
  );
}

function loadsOf(loads: readonly number[], count: number): readonly ReadonlySet<number>[] {
  const shards = Array.from({ length: count }, () => ({ loads: new Set<number>(), work: 0 }));
  for (const load of loads.toSorted((a, b) => a - b)) {
    const least = shards.reduce((best, one) => (one.work < best.work ? one : best));
    least.loads.add(load);
    least.work += 1 / load;
  }
  return shards.map((shard) => shard.loads);
}

/**
 * `1/4`: the second of four; `4` or `/4`: which of four says `JOB_COMPLETION_INDEX`, as in the pods of an Indexed Job.
 * @throws {ConfigError}
 */
export function parseShard(
  text: string,
  { by, completionIndex }: { readonly by: ShardSplit; readonly completionIndex: string | undefined },
): Shard {
  const [, given, counted] = /^(?:(\d{1,6})?\/)?(\d{1,6})$/.exec(text.trim()) ?? [];
  const form = "Write INDEX/COUNT, counted from 0: --shard 0/4 is the first of four, --shard 3/4 the last";
  if (counted === undefined) throw new ConfigError(`--shard ${text} is no shard. ${form}.`);
  const index = given ?? completionIndex?.trim();
  if (index === undefined || index === "")
    throw new ConfigError(
      `--shard ${text} says how many shards there are and not which one this is, and JOB_COMPLETION_INDEX is not set. ${form}.`,
    );
  if (!/^\d{1,6}$/.test(index))
    throw new ConfigError(`JOB_COMPLETION_INDEX is ${JSON.stringify(index)}, which is no index. ${form}.`);
  const shard = { index: Number(index), count: Number(counted), by };
  if (shard.index >= shard.count)
    throw new ConfigError(`There is no shard ${shard.index} among ${shard.count}. ${form}.`);
  return shard;
}

/** `shard 1/4`, for people. */
export function shardText({ index, count }: Pick<Shard, "index" | "count">): string {
  return `shard ${index}/${count}`;
}
