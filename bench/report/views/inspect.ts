import { ConfigError } from "../../errors.ts";
import { recordFinder } from "../../store/orphan-lines.ts";
import { finishedEpisodes } from "../../store/progress.ts";
import { judgedTrajectory, judgementOf, type Judgement, type JudgedRun } from "../../store/judgements.ts";
import { readTrajectories, type StoredRun } from "../../store/read-run.ts";
import type { EpisodeRecord, Trajectory } from "../../store/record.ts";
import { readRecordedTokens } from "../../store/recorded-tokens.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { TextStore } from "../../store/text-store.ts";
import type { RecordedEpisode } from "../../workload/recorded-episode.ts";
import { causesOf, type Cause } from "../../analysis/cell/causes.ts";
import { buildLedger, type EpisodeLedger } from "../../analysis/ledger/episode-ledger.ts";
import { readToolTimes, stampsOf } from "../../evidence/episode-stamps.ts";
import { printable } from "../formats/printable.ts";
import { absent, numberText } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";
import { readTapTimings, type TapTiming } from "../../evidence/tap-timing.ts";

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

/** `tollgate inspect RUN`: a row per finished episode, and why those ended early that did. */
export function episodesTable(run: StoredRun): Table {
  const episodes = [...finishedEpisodes(run.records).values()];
  return {
    title: `Episodes of ${run.identity.runId}`,
    columns: [
      left("episode"),
      left("cell"),
      left("task"),
      right("trial"),
      left("status"),
      left("ended by"),
      right("reward"),
      right("steps"),
      right("tools"),
      right("s"),
    ],
    rows: episodes.map((episode) => [
      episode.episodeId,
      episode.cellId,
      printable(`${episode.domain}/${episode.taskId}`),
      String(episode.trial),
      episode.failure === null ? episode.status : `${episode.status}: ${episode.failure.class}`,
      episode.termination ?? absent,
      episode.reward === null ? absent : numberText(episode.reward),
      String(episode.steps),
      `${episode.toolCalls}${episode.toolErrors > 0 ? ` (${episode.toolErrors} err)` : ""}`,
      numberText((episode.endedNs - episode.startedNs) / 1e9),
    ]),
    notes: causesOf(episodes).map(causeText).map(printable),
  };
}

function causeText({ name, failed, episodes, first }: Cause): string {
  const count = episodes === 1 ? "1 episode" : `${episodes} episodes, the first`;
  const message = first.message.length > 300 ? `${first.message.slice(0, 300)}…` : first.message;
  return `${failed ? "failed: " : ""}${name}: ${count} ${first.episodeId}: ${message}`;
}

/**
 * Everything about one episode, by its id or the beginning of it. Throws ConfigError when none or several match,
 * RunUnreadableError when the run is damaged.
 */
export async function inspectEpisode(run: JudgedRun, reference: string): Promise<Inspection> {
  const record = findEpisode(run, reference);
  const recordOf = recordFinder(run.records);
  for await (const { trajectory } of readTrajectories(run.directory)) {
    if (recordOf(trajectory) !== record) continue;
    const texts = new TextStore(run.directory);
    const segmentDirectory = segmentPath(run.directory, record);
    const timings = await readTapTimings(segmentDirectory, []);
    const tools = await readToolTimes(segmentDirectory, []);
    const stamps = stampsOf([record], { timings, tools }).get(record.episodeId);
    return {
      record,
      trajectory: judgedTrajectory(trajectory, run.judgements),
      judgement: judgementOf(record, run.judgements),
      recorded: await recordedOf(run.directory, trajectory.attemptKey),
      system: await texts.get(trajectory.systemSha256),
      tools: await texts.get(trajectory.toolsSha256),
      timings: new Map(
        timings.filter(({ hop }) => hop === "outer").map((timing) => [timing.requestId, timing] as const),
      ),
      ledger: stamps === undefined || record.status === "failed" ? null : buildLedger(stamps),
    };
  }
  throw new ConfigError(
    `Episode ${record.episodeId} has a record and no trajectory: the file was cut by hand.`,
  );
}

async function recordedOf(directory: string, attemptKey: string): Promise<RecordedEpisode | null> {
  for await (const { recorded } of readRecordedTokens(directory))
    if (recorded.attemptKey === attemptKey) return recorded;
  return null;
}

function findEpisode(run: StoredRun, reference: string): EpisodeRecord {
  const episodes = [...finishedEpisodes(run.records).values()];
  const matching = episodes.filter(({ episodeId }) => episodeId.startsWith(reference));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const what = matching.length === 0 ? "No finished episode" : `${matching.length} episodes`;
  throw new ConfigError(
    `${what} of ${run.identity.runId} begins with ${reference}. \`tollgate inspect ${run.directory}\` lists them.`,
  );
}
