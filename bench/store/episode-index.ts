import { resolve } from "node:path";
import { recordedEpisodeSchema, type RecordedEpisode } from "../workload/recorded-episode.ts";
import type { EpisodeRow } from "./episode-columns.ts";
import { loadRecordColumns, saveRecordColumns } from "./index-cache.ts";
import {
  judgedEpisode,
  judgedRow,
  judgedTrajectory,
  judgementOf,
  judgementsPath,
  readJudgements,
  type Judgement,
  type Judgements,
} from "./judgements.ts";
import { LogPlaces, type LogNames } from "./log-places.ts";
import type { RunOutcomes } from "./progress.ts";
import { parseJsonLine, readRunJson, recordsFile } from "./read-run.ts";
import { bytesAt, sizeOf, type OtherRecord, type RecordColumns } from "./record-columns.ts";
import { episodeSchema, trajectorySchema, type EpisodeRecord, type Trajectory } from "./record.ts";

/**
 * The finished episodes of a run in compact columns, for runs of which not every record fits into memory or into a second. An episode is
 * a row, in the order in which each was first finished; done again (`--redo`), it keeps its row and its last record counts. Rewards are
 * those of the judge where there was one.
 */
export interface EpisodeIndex {
  /** Absolute. */
  readonly directory: string;
  /** Rows. */
  readonly count: number;
  /** Episode records, those that count no more included: where it has grown as much as `count`, the rows before are as they were. */
  readonly episodeRecords: number;
  /** @throws {RangeError} for a row that there is not */
  row(at: number): EpisodeRow;
  rows(): Iterable<EpisodeRow>;
  /** null where no episode of this id is finished. */
  rowOf(episodeId: string): number | null;
  /** The records that are no episode's, in their order. */
  readonly others: readonly OtherRecord[];
  /** Everything that was recorded of an episode. */
  record(at: number): Promise<EpisodeRecord>;
  /** The trajectory of the attempt that counts; null where its line is lost. */
  trajectory(at: number): Promise<Trajectory | null>;
  /** What a recording gateway kept of that attempt; null where none did. */
  recordedTokens(at: number): Promise<RecordedEpisode | null>;
  /** Where its reward comes from when a judge was asked after the run. */
  judgement(at: number): Judgement | null;
  /** Reads what was written since. Returns whether anything was. Calls may overlap. */
  refresh(): Promise<boolean>;
}

const keptByDefault = 2_000;

/**
 * Opens the index of a run, which may be running. Where reading its records took long, they are kept as columns in `episodes.index`
 * beside them; that file is only a cache, and is made anew when it is not of these very records.
 * @param keptFrom so many records that had to be read are worth it
 * @throws {RunUnreadableError} for a damaged line, with file and number
 */
export async function openEpisodeIndex(directory: string, keptFrom = keptByDefault): Promise<EpisodeIndex> {
  const index = new RunIndex(await openColumns(resolve(directory), keptFrom));
  await index.refresh();
  return index;
}

/**
 * How far a run is and how its episodes ended, without the rest of their records.
 * @throws {ConfigError} for a folder that is no run directory
 * @throws {RunUnreadableError} for a damaged line, with file and number
 */
export async function readOutcomes(directory: string): Promise<RunOutcomes> {
  const path = resolve(directory);
  const identity = await readRunJson(path);
  const columns = await openColumns(path, keptByDefault);
  return { directory: path, identity, records: columns.outcomes(), warnings: columns.warnings };
}

async function openColumns(directory: string, keptFrom: number): Promise<RecordColumns> {
  const columns = await loadRecordColumns(directory);
  const before = columns.episodeRecords;
  await columns.readOn();
  if (columns.episodeRecords - before >= keptFrom) await saveRecordColumns(columns);
  return columns;
}

class RunIndex implements EpisodeIndex {
  readonly #columns: RecordColumns;
  readonly #trajectories: LogPlaces<Trajectory>;
  readonly #tokens: LogPlaces<RecordedEpisode>;
  #judgements: Judgements = new Map();
  #judgementBytes = 0;
  #refreshing: Promise<boolean> | null = null;

  constructor(columns: RecordColumns) {
    this.#columns = columns;
    this.#trajectories = new LogPlaces(columns.directory, trajectoryNames);
    this.#tokens = new LogPlaces(columns.directory, tokenNames);
  }

  get directory(): string {
    return this.#columns.directory;
  }

  get count(): number {
    return this.#columns.count;
  }

  row(at: number): EpisodeRow {
    const row = this.#columns.row(at);
    if (this.#judgements.size === 0) return row;
    return judgedRow(row, this.#columns.attemptKey(at), this.#judgements);
  }

  *rows(): Generator<EpisodeRow> {
    for (let at = 0; at < this.count; at += 1) yield this.row(at);
  }

  rowOf(episodeId: string): number | null {
    return this.#columns.rowOf(episodeId);
  }

  get episodeRecords(): number {
    return this.#columns.episodeRecords;
  }

  get others(): readonly OtherRecord[] {
    return this.#columns.others;
  }

  judgement(at: number): Judgement | null {
    const [{ episodeId }, attemptKey] = [this.#columns.row(at), this.#columns.attemptKey(at)];
    return judgementOf({ episodeId, attemptKey }, this.#judgements);
  }

  async record(at: number): Promise<EpisodeRecord> {
    const { path } = recordsFile(this.directory);
    const { recordByte, recordBytes } = this.#columns.row(at);
    const bytes = await bytesAt(path, { at: recordByte, length: recordBytes });
    const where = `${path}, byte ${recordByte}`;
    return judgedEpisode(parseJsonLine({ where, schema: episodeSchema }, bytes), this.#judgements);
  }

  async trajectory(at: number): Promise<Trajectory | null> {
    const found = await this.#trajectories.find(trajectoryKey(this.#columns.row(at)));
    return found === null ? null : judgedTrajectory(found, this.#judgements);
  }

  async recordedTokens(at: number): Promise<RecordedEpisode | null> {
    const attemptKey = this.#columns.attemptKey(at);
    return attemptKey === undefined ? null : await this.#tokens.find(attemptKey);
  }

  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#readOn().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #readOn(): Promise<boolean> {
    const grown = await this.#columns.readOn();
    const bytes = await sizeOf(judgementsPath(this.directory));
    if (bytes === this.#judgementBytes) return grown;
    this.#judgementBytes = bytes;
    this.#judgements = (await readJudgements(this.directory)).judgements;
    return true;
  }
}

function trajectoryKey(of: { readonly episodeId: string; readonly segmentId: string }): string {
  return `${of.episodeId}/${of.segmentId}`;
}

const trajectoryNames: LogNames<Trajectory> = {
  log: "trajectories.jsonl",
  schema: trajectorySchema,
  keyOf: (head) => {
    const names = /^\{"v":1,"episodeId":"([^"\\]*)","cellId":"(?:[^"\\]|\\.)*","segmentId":"([^"\\]*)"/.exec(
      head,
    );
    return names === null ? null : `${names[1]}/${names[2]}`;
  },
  keyOfValue: trajectoryKey,
};

const tokenNames: LogNames<RecordedEpisode> = {
  log: "tokens.jsonl",
  schema: recordedEpisodeSchema,
  keyOf: (head) => /^\{"v":1,"episodeId":"[^"\\]*","attemptKey":"([^"\\]*)"/.exec(head)?.[1] ?? null,
  keyOfValue: ({ attemptKey }) => attemptKey,
};
