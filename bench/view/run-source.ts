import type { EpisodeRow } from "../store/episode-columns.ts";
import type { EpisodeRecord, Trajectory } from "../store/record.ts";
import type { RunJson } from "../store/run-json.ts";
import type { RecordedEpisode } from "../workload/recorded-episode.ts";

/**
 * A run as the pages of its episodes read it, as it was when the page was asked for. A page reads from the run's other files only what
 * it shows. Rewards are those of the judge where there was one.
 */
export interface RunSource {
  /** Absolute. */
  readonly directory: string;
  /** The last part of `directory`: what addresses call the run. */
  readonly name: string;
  readonly identity: RunJson;
  /** Every finished episode, in the order in which they were recorded, from the episode index. */
  readonly rows: readonly EpisodeRow[];
  /** The record that counts for an episode; null where none is finished under this id. */
  readonly record: (episodeId: string) => Promise<EpisodeRecord | null>;
  /** The trajectory of the attempt that counts; null where none is finished, or where its line is lost. */
  readonly trajectory: (episodeId: string) => Promise<Trajectory | null>;
  /** What a recording gateway kept of that attempt; null where none did. */
  readonly recordedTokens: (episodeId: string) => Promise<RecordedEpisode | null>;
}

/** What two episodes have in common that are to be compared: everything but the arm. */
export interface PairKey {
  readonly domain: string;
  readonly taskId: string;
  readonly trial: number;
  readonly load: string;
  readonly repetition: number;
}
