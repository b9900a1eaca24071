import { join } from "node:path";
import { z } from "zod";
import { hasPassed } from "./passed.ts";
import { readJsonLines, readRun, type StoredRun, type StoreWarning } from "./read-run.ts";
import type { EpisodeRecord, RunRecord, Trajectory } from "./record.ts";

/**
 * One line of `judgements.jsonl`: what a judge said about an episode after the run, and the reward that follows. The
 * records stay as the run left them; `attemptKey` ties a judgement to the attempt that was judged, so that it does not
 * outlive a `--redo`. Of several lines for an episode the last one counts.
 */
export const judgementSchema = z.object({
  v: z.literal(1),
  episodeId: z.string(),
  attemptKey: z.string(),
  /** Wall clock, ISO 8601. */
  at: z.string(),
  model: z.string(),
  /** The judge's base URL, without credentials or query. */
  url: z.string(),
  entries: z.array(z.object({ nlAssertion: z.string(), met: z.boolean(), justification: z.string() })),
  /** One entry for each assertion. tau2 does not ask for that; a shorter answer counts, and is counted. */
  complete: z.boolean(),
  reward: z.number(),
  rewardInfo: z.unknown(),
});
export type Judgement = z.infer<typeof judgementSchema>;

/** By episode id. */
export type Judgements = ReadonlyMap<string, Judgement>;

export interface StoredJudgements {
  readonly judgements: Judgements;
  /** Length of the file up to the last complete line, in bytes. */
  readonly endByte: number;
}

/** Throws RunUnreadableError with file and line for a damaged one; a torn last line is a warning. No file, no judgements. */
export async function readJudgements(
  directory: string,
  warnings: StoreWarning[] = [],
): Promise<StoredJudgements> {
  const judgements = new Map<string, Judgement>();
  let endByte = 0;
  for await (const { value, line } of readJsonLines(judgementsPath(directory), judgementSchema, warnings)) {
    judgements.set(value.episodeId, value);
    endByte = line.endByte;
  }
  return { judgements, endByte };
}

export function judgementsPath(directory: string): string {
  return join(directory, "judgements.jsonl");
}

/** A run whose records carry the judged rewards: what every reader of rewards starts from. */
export interface JudgedRun extends StoredRun {
  readonly judgements: Judgements;
}

/** `readRun`, with the rewards of the judge where there are any. Throws as `readRun` and `readJudgements`. */
export async function readJudgedRun(directory: string): Promise<JudgedRun> {
  const run = await readRun(directory);
  const warnings = [...run.warnings];
  const { judgements } = await readJudgements(run.directory, warnings);
  return { ...run, warnings, judgements, records: judgedRecords(run.records, judgements) };
}

function judgedRecords(records: readonly RunRecord[], judgements: Judgements): readonly RunRecord[] {
  if (judgements.size === 0) return records;
  return records.map((record) => (record.type === "episode" ? judgedEpisode(record, judgements) : record));
}

/** The record with the judge's reward, where its attempt was judged. */
export function judgedEpisode(record: EpisodeRecord, judgements: Judgements): EpisodeRecord {
  const judgement = judgementOf(record, judgements);
  if (judgement === null) return record;
  const { reward } = judgement;
  const scores = record.scores?.with(0, { name: "reward", value: reward, passed: hasPassed({ reward }) });
  return { ...record, reward, ...(scores && { scores }), labels: judgedLabels(record.labels) };
}

/** What an index knows of an attempt, with the judge's reward where that was judged. */
export function judgedRow<
  Row extends Pick<EpisodeRecord, "episodeId" | "reward" | "labels"> & { readonly passed: boolean | null },
>(row: Row, attemptKey: string | undefined, judgements: Judgements): Row {
  const judgement = judgementOf({ episodeId: row.episodeId, attemptKey }, judgements);
  if (judgement === null) return row;
  const { reward } = judgement;
  return { ...row, reward, passed: hasPassed({ reward }), labels: judgedLabels(row.labels) };
}

/** The trajectory with the judge's reward and reward info, where its attempt was judged. */
export function judgedTrajectory(trajectory: Trajectory, judgements: Judgements): Trajectory {
  const judgement = judgementOf(trajectory, judgements);
  if (judgement === null) return trajectory;
  const { reward, rewardInfo } = judgement;
  return { ...trajectory, reward, rewardInfo, labels: judgedLabels(trajectory.labels) };
}

/** The judgement of exactly this attempt; null for every other one. */
export function judgementOf(
  attempt: { readonly episodeId: string; readonly attemptKey?: string | undefined },
  judgements: Judgements,
): Judgement | null {
  const judgement = judgements.get(attempt.episodeId);
  return judgement !== undefined && judgement.attemptKey === attempt.attemptKey ? judgement : null;
}

function judgedLabels(labels: readonly string[]): string[] {
  return [...labels.filter((label) => label !== "unjudged"), "judged"];
}
