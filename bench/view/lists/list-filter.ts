import { ConfigError } from "../../errors.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import { parseRewardTest, type RewardTest } from "../../store/episode-choice.ts";
import { secondsOf, taskText } from "../run-facts.ts";
import { differs, pairsOf } from "./pairs.ts";

/** Which episodes a list shows, as its address says it; null: all of them. */
export interface ListFilter {
  readonly status: string | null;
  readonly failure: string | null;
  readonly arm: string | null;
  readonly cell: string | null;
  /** A task's id, `domain/id`, or a part of it; the beginning of an episode's id. */
  readonly task: string | null;
  /** As `tollgate inspect --reward` has it: `1`, `<0.5`, `none`; or `partial`, which is neither 0 nor 1. */
  readonly reward: string | null;
  /** The slowest twentieth of each cell, or those that took so many seconds. */
  readonly slow: "cell" | number | null;
  /** Only those whose task came to another end in another arm. */
  readonly differs: boolean;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
}

export const statuses = ["completed", "failed", "timed-out"] as const;
export const sortKeys = ["end", "seconds", "tokens", "reward", "task"] as const;
export type SortKey = (typeof sortKeys)[number];

const known = [
  "status",
  "failure",
  "arm",
  "cell",
  "task",
  "reward",
  "slow",
  "differs",
  "sort",
  "page",
] as const;

/** Throws ConfigError for what cannot be meant: a list that leaves a filter out would look as if it were the filtered one. */
export function readFilter(query: URLSearchParams): ListFilter {
  const of = readQuery(query, known);
  const sort = of("sort") ?? "end";
  const key = sort.replace(/^-/, "");
  return {
    status: oneOf("status", of("status"), statuses),
    failure: of("failure"),
    arm: of("arm"),
    cell: of("cell"),
    task: of("task"),
    reward: readReward(of("reward")),
    slow: readSlow(of("slow")),
    differs: oneOf("differs", of("differs"), ["1"]) !== null,
    sort: oneOf("sort", key, sortKeys) ?? "end",
    descending: sort.startsWith("-"),
    page: readPage(of("page")),
  };
}

/** Empty values count as not given, because a form sends them. */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): (name: Name) => string | null {
  for (const name of new Set(query.keys())) {
    if (!names.some((one) => one === name))
      throw new ConfigError(`There is no filter ${name}. There are ${names.join(", ")}.`);
    if (query.getAll(name).length > 1)
      throw new ConfigError(`The address names ${name} more than once; one value can be asked for.`);
  }
  return (name) => query.get(name)?.trim() || null;
}

export function oneOf<Word extends string>(
  name: string,
  value: string | null,
  words: readonly Word[],
): Word | null {
  if (value === null) return null;
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new ConfigError(`${name} is ${value}, and can be ${words.join(", ")}.`);
}

function readReward(value: string | null): string | null {
  if (value !== null) rewardTest(value);
  return value;
}

/** Throws ConfigError. */
function rewardTest(text: string): RewardTest {
  if (text !== "partial") return parseRewardTest(text);
  const [isNothing, isPass] = [parseRewardTest("0"), parseRewardTest("1")];
  return (reward) => reward !== null && !isNothing(reward) && !isPass(reward);
}

function readSlow(value: string | null): ListFilter["slow"] {
  if (value === null || value === "cell") return value;
  const seconds = Number(value.replace(/s$/, ""));
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new ConfigError(
    `slow is ${value}, and can be cell (the slowest twentieth of each cell) or a time in seconds.`,
  );
}

export function readPage(value: string | null): number {
  if (value === null) return 1;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new ConfigError(`page is ${value}, and can be a whole number from 1.`);
}

/** The episodes that a filter leaves, in its order. Its page is not applied. */
export function filtered(rows: readonly EpisodeRow[], filter: ListFilter): readonly EpisodeRow[] {
  const { status, failure, arm, cell, reward, slow } = filter;
  const hasReward = reward === null ? null : rewardTest(reward);
  const isTask = filter.task === null ? null : taskMatcher(rows, filter.task);
  const slowOnes = slow === "cell" ? slowest(rows) : null;
  const unlike = filter.differs ? differing(rows) : null;
  const kept = rows.filter(
    (row) =>
      (status === null || row.status === status) &&
      (failure === null || row.failure === failure) &&
      (arm === null || row.arm === arm) &&
      (cell === null || row.cellId === cell) &&
      (isTask === null || isTask(row)) &&
      (hasReward === null || hasReward(row.reward)) &&
      (typeof slow !== "number" || secondsOf(row) >= slow) &&
      (slowOnes === null || slowOnes.has(row)) &&
      (unlike === null || unlike.has(row)),
  );
  return sorted(kept, filter);
}

/** Where a task or an episode is called exactly so, only that; else whatever holds the words. */
function taskMatcher(rows: readonly EpisodeRow[], words: string): (row: EpisodeRow) => boolean {
  const exact = (row: EpisodeRow) =>
    row.taskId === words || taskText(row) === words || row.episodeId === words;
  if (rows.some(exact)) return exact;
  const part = words.toLowerCase();
  return (row) => taskText(row).toLowerCase().includes(part) || row.episodeId.startsWith(part);
}

const slowShare = 0.05;
const slowByRows = new WeakMap<readonly EpisodeRow[], ReadonlySet<EpisodeRow>>();

/** The slowest twentieth of each cell, at least one. Failed ones are left out: to fail takes another time than to end. */
export function slowest(rows: readonly EpisodeRow[]): ReadonlySet<EpisodeRow> {
  const known = slowByRows.get(rows);
  if (known !== undefined) return known;
  const cells = Map.groupBy(
    rows.filter(({ status }) => status !== "failed"),
    ({ cellId }) => cellId,
  );
  const slow = new Set([...cells.values()].flatMap(slowestOf));
  slowByRows.set(rows, slow);
  return slow;
}

/** By the length of the shortest one that belongs to them; of several that took as long, those that were recorded first. */
function slowestOf(episodes: readonly EpisodeRow[]): readonly EpisodeRow[] {
  const count = Math.ceil(episodes.length * slowShare);
  const lengths = Float64Array.from(episodes, secondsOf).sort();
  const shortest = lengths.at(-count) ?? Infinity;
  const longer = episodes.filter((row) => secondsOf(row) > shortest);
  const asLong = episodes.filter((row) => secondsOf(row) === shortest);
  return [...longer, ...asLong.slice(0, count - longer.length)];
}

const differingByRows = new WeakMap<readonly EpisodeRow[], ReadonlySet<EpisodeRow>>();

/** Episodes whose task and trial came to another end in another arm of the same load and repetition. */
export function differing(rows: readonly EpisodeRow[]): ReadonlySet<EpisodeRow> {
  const known = differingByRows.get(rows);
  if (known !== undefined) return known;
  const found = new Set(
    pairsOf(rows)
      .filter(differs)
      .flatMap(({ episodes }) => episodes),
  );
  differingByRows.set(rows, found);
  return found;
}

function sorted(
  rows: readonly EpisodeRow[],
  { sort, descending }: Pick<ListFilter, "sort" | "descending">,
): readonly EpisodeRow[] {
  const turn = descending ? -1 : 1;
  switch (sort) {
    case "end":
      return descending ? rows.toReversed() : rows;
    case "task":
      return byTask(rows, turn);
    case "seconds":
      return rows.toSorted((a, b) => turn * (secondsOf(a) - secondsOf(b)));
    case "tokens":
      return byNumber(rows, tokensOf, turn);
    case "reward":
      return byNumber(rows, ({ reward }) => reward, turn);
  }
}

/** What has no number stands last in either direction: absent is not zero. */
function byNumber(
  rows: readonly EpisodeRow[],
  of: (row: EpisodeRow) => number | null,
  turn: number,
): readonly EpisodeRow[] {
  return rows.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return turn * (x - y);
  });
}

const inOrder = new Intl.Collator("en", { numeric: true });

/** `task 2` before `task 10`. A collator is slow, so each name is compared once and not once for every trial of it. */
function byTask(rows: readonly EpisodeRow[], turn: number): readonly EpisodeRow[] {
  const named = rows.map((row) => ({ row, name: taskText(row) }));
  const names = [...new Set(named.map(({ name }) => name))].sort(inOrder.compare);
  const places = new Map(names.map((name, place) => [name, place]));
  return named
    .map(({ row, name }) => ({ row, place: places.get(name) ?? 0 }))
    .sort((a, b) => turn * (a.place - b.place || a.row.trial - b.row.trial))
    .map(({ row }) => row);
}

export function tokensOf({ promptTokens, completionTokens }: EpisodeRow): number | null {
  return promptTokens === null || completionTokens === null ? null : promptTokens + completionTokens;
}
