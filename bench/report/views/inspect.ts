import { ConfigError } from "../../errors.ts";
import type { EpisodeIndex } from "../../store/episode-index.ts";
import type { Judgement } from "../../store/judgements.ts";
import type { EpisodeRecord, Trajectory } from "../../store/record.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { TextStore } from "../../store/text-store.ts";
import type { RecordedEpisode } from "../../workload/recorded-episode.ts";
import { buildLedger, type EpisodeLedger } from "../../analysis/ledger/episode-ledger.ts";
import { readAttempt } from "../../evidence/attempt-evidence.ts";
import { stampsOf } from "../../evidence/episode-stamps.ts";
import type { TapTiming } from "../../evidence/tap-timing.ts";

/** An episode with everything there is to show about it. */
export interface Inspection {
  readonly record: EpisodeRecord;
  readonly trajectory: Trajectory;
  /** Where the reward comes from when a judge was asked after the run. */
  readonly judgement: Judgement | null;
  readonly system: string;
  readonly tools: string;
  /** What a recording gateway kept of its model calls; null where none did. */
  readonly recorded: RecordedEpisode | null;
  /** Outer tap by request id. */
  readonly timings: ReadonlyMap<string, TapTiming>;
  /** Where its time went; null for an episode that failed, or of a run that did not note its attempts. */
  readonly ledger: EpisodeLedger | null;
}

/**
 * Everything about one episode, by its id or the beginning of it. Throws ConfigError when none or several match,
 * RunUnreadableError when the run is damaged.
 */
export async function inspectEpisode(
  { index, runId }: { readonly index: EpisodeIndex; readonly runId: string },
  reference: string,
): Promise<Inspection> {
  const at = findEpisode({ index, runId }, reference);
  const record = await index.record(at);
  const trajectory = await index.trajectory(at);
  if (trajectory === null)
    throw new ConfigError(
      `Episode ${record.episodeId} has a record and no trajectory: the file was cut by hand.`,
    );
  const texts = new TextStore(index.directory);
  const seen = await readAttempt(segmentPath(index.directory, record), trajectory.attemptKey, []);
  const stamps = stampsOf([record], seen).get(record.episodeId);
  return {
    record,
    trajectory,
    judgement: index.judgement(at),
    recorded: await index.recordedTokens(at),
    system: await texts.get(trajectory.systemSha256),
    tools: await texts.get(trajectory.toolsSha256),
    timings: new Map(
      seen.timings.filter(({ hop }) => hop === "outer").map((timing) => [timing.requestId, timing] as const),
    ),
    ledger: stamps === undefined || record.status === "failed" ? null : buildLedger(stamps),
  };
}

function findEpisode(
  { index, runId }: { readonly index: EpisodeIndex; readonly runId: string },
  reference: string,
): number {
  const exact = index.rowOf(reference);
  if (exact !== null) return exact;
  const matching = [...index.rows()].flatMap(({ episodeId }, at) =>
    episodeId.startsWith(reference) ? [at] : [],
  );
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const what = matching.length === 0 ? "No finished episode" : `${matching.length} episodes`;
  throw new ConfigError(
    `${what} of ${runId} begins with ${reference}. \`tollgate inspect ${index.directory}\` lists them.`,
  );
}
