import { finishedEpisodes } from "../store/progress.ts";
import type { JudgedRun } from "../store/judgements.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { readRecordedTokens } from "../store/recorded-tokens.ts";
import { tokenCounts } from "./token-counts.ts";

/** What a run collected for training, counted over its finished episodes. */
export interface Collection {
  readonly finished: number;
  /** Episodes that can be exported: they did not fail. */
  readonly trajectories: number;
  /** Trajectories whose token ids and logprobs were recorded. */
  readonly withTokens: number;
  readonly judged: number;
  /** Trajectories with at least the wanted reward; null without a filter. */
  readonly kept: number | null;
  /** Groups of trials of a task, and how many of them have every trial; null for groups of one. */
  readonly groups: { readonly planned: number; readonly complete: number } | null;
  readonly generatedTokens: number;
  readonly processedTokens: number;
  /** Attempts that a failed part ended and that were tried again. */
  readonly retries: number;
  /** Failed episodes by class. */
  readonly failures: ReadonlyMap<string, number>;
}

export interface CollectionOptions {
  /** Smallest reward that is kept; null for no filter. */
  readonly rewardMin: number | null;
  readonly groupSize: number;
}

/** Streams through the run's tokens: memory does not grow with them. */
export async function readCollection(run: JudgedRun, options: CollectionOptions): Promise<Collection> {
  const episodes = [...finishedEpisodes(run.records).values()];
  const trajectories = episodes.filter(({ status }) => status !== "failed");
  const counting = new Set(trajectories.map(({ attemptKey }) => attemptKey));
  const tokens = { with: 0, generated: 0, processed: 0 };
  for await (const { recorded } of readRecordedTokens(run.directory)) {
    const counts = counting.has(recorded.attemptKey) ? tokenCounts(recorded) : null;
    if (counts === null) continue;
    tokens.with += 1;
    tokens.generated += counts.generated;
    tokens.processed += counts.processed;
  }
  const { rewardMin, groupSize } = options;
  const failures = new Map<string, number>();
  for (const { failure } of episodes)
    if (failure !== null) failures.set(failure.class, (failures.get(failure.class) ?? 0) + 1);
  return {
    finished: episodes.length,
    trajectories: trajectories.length,
    withTokens: tokens.with,
    judged: trajectories.filter(({ reward }) => reward !== null).length,
    kept:
      rewardMin === null
        ? null
        : trajectories.filter(({ reward }) => reward !== null && reward >= rewardMin).length,
    groups: groupSize === 1 ? null : groupsOf(run, { trajectories, groupSize }),
    generatedTokens: tokens.generated,
    processedTokens: tokens.processed,
    retries: episodes.reduce((sum, { retries }) => sum + (retries ?? 0), 0),
    failures,
  };
}

function groupsOf(
  { identity }: JudgedRun,
  options: { readonly trajectories: readonly EpisodeRecord[]; readonly groupSize: number },
) {
  const { trajectories, groupSize } = options;
  const sizes = new Map<string, number>();
  for (const { cellId, taskId, trial } of trajectories) {
    const group = JSON.stringify([cellId, taskId, Math.floor(trial / groupSize)]);
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const planned = identity.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0);
  return {
    planned: planned / groupSize,
    complete: [...sizes.values()].filter((size) => size === groupSize).length,
  };
}
