import { NumberColumn, WordColumn, type StoredWords } from "./columns.ts";
import { placeOf } from "./place.ts";
import { hasPassed } from "./passed.ts";
import type { EpisodeOutcome } from "./progress.ts";
import type { EpisodeRecord } from "./record.ts";

/**
 * What an index knows of an episode without reading its record; null where the record says null. `load` is its place: in a run with
 * variants it names the variant, too.
 */
export interface EpisodeRow extends Pick<
  EpisodeRecord,
  | "episodeId"
  | "cellId"
  | "segmentId"
  | "arm"
  | "load"
  | "repetition"
  | "domain"
  | "taskId"
  | "trial"
  | "status"
  | "termination"
  | "reward"
  | "labels"
  | "startedNs"
  | "endedNs"
  | "steps"
  | "toolCalls"
  | "toolErrors"
  | "requests"
  | "promptTokens"
  | "completionTokens"
  | "cachedTokens"
> {
  /** null without a reward. */
  readonly passed: boolean | null;
  /** Class of the part that failed. */
  readonly failure: string | null;
  /** Whether the record says in words why the episode ended so. */
  readonly explained: boolean;
  /** Where the record stands in `records.jsonl`: its first byte, and its length without the newline. */
  readonly recordByte: number;
  readonly recordBytes: number;
}

const numberNames = [
  "repetition",
  "trial",
  "reward",
  "passed",
  "startedNs",
  "endedNs",
  "steps",
  "toolCalls",
  "toolErrors",
  "requests",
  "promptTokens",
  "completionTokens",
  "cachedTokens",
  "recordByte",
  "recordBytes",
] as const;
const wordNames = [
  "cellId",
  "segmentId",
  "arm",
  "load",
  "domain",
  "taskId",
  "status",
  "termination",
  "failure",
  "labels",
  "explained",
  "attempt",
] as const;
type NumberName = (typeof numberNames)[number];
type WordName = (typeof wordNames)[number];

/** As they are written to a file. */
export interface StoredColumns {
  readonly ids: readonly string[];
  readonly numbers: Readonly<Record<NumberName, Float64Array>>;
  readonly words: Readonly<Record<WordName, StoredWords>>;
}

/** Whether something that was read from a file is columns of equal length. */
export function isStoredColumns(value: unknown): value is StoredColumns {
  if (!isFields(value) || !Array.isArray(value["ids"])) return false;
  const { ids, numbers, words } = value;
  const isColumn = (one: unknown) => one instanceof Float64Array && one.length === ids.length;
  return (
    isFields(numbers) &&
    numberNames.every((name) => isColumn(numbers[name])) &&
    isFields(words) &&
    wordNames.every((name) => {
      const column = words[name];
      return isFields(column) && isColumn(column["codes"]) && Array.isArray(column["words"]);
    })
  );
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

/** Stands in attempt keys for the id of their episode. */
const ownId = "\u0000";

/** A line for each episode record of a run, those that a later one replaced included, in some 250 bytes each. */
export class EpisodeColumns {
  readonly #ids: string[];
  readonly #numbers: Readonly<Record<NumberName, NumberColumn>>;
  readonly #words: Readonly<Record<WordName, WordColumn>>;

  constructor(stored?: StoredColumns) {
    this.#ids = [...(stored?.ids ?? [])];
    this.#numbers = byName(numberNames, (name) => new NumberColumn(stored?.numbers[name]));
    this.#words = byName(wordNames, (name) => new WordColumn(stored?.words[name]));
  }

  get count(): number {
    return this.#ids.length;
  }

  get stored(): StoredColumns {
    return {
      ids: this.#ids,
      numbers: byName(numberNames, (name) => this.#numbers[name].values),
      words: byName(wordNames, (name) => this.#words[name].stored),
    };
  }

  push(record: EpisodeRecord, place: { readonly startByte: number; readonly bytes: number }): void {
    const { failure, labels, termination, terminationDetail, episodeId, attemptKey } = record;
    this.#ids.push(record.episodeId);
    const passed = hasPassed(record);
    const numbers = {
      ...record,
      passed: passed === null ? null : Number(passed),
      recordByte: place.startByte,
      recordBytes: place.bytes,
    };
    for (const name of numberNames) this.#numbers[name].push(numbers[name]);
    const words = {
      ...record,
      // Episodes of two variants are no more alike than those of two loads.
      load: placeOf(record),
      termination,
      failure: failure?.class ?? null,
      labels: JSON.stringify(labels),
      explained: failure === null && terminationDetail == null ? null : "yes",
      // Nearly all are the episode's id and a few characters, which many share.
      attempt: attemptKey === undefined ? null : attemptKey.replace(episodeId, ownId),
    };
    for (const name of wordNames) this.#words[name].push(words[name]);
  }

  idAt(line: number): string {
    return this.#ids[line] ?? "";
  }

  attemptAt(line: number): string | undefined {
    return this.#words.attempt.orNull(line)?.replace(ownId, this.idAt(line));
  }

  statusAt(line: number): EpisodeRecord["status"] {
    return this.#words.status.at(line) as EpisodeRecord["status"];
  }

  outcome(line: number): EpisodeOutcome {
    const failure = this.#words.failure.orNull(line);
    return {
      type: "episode",
      episodeId: this.idAt(line),
      cellId: this.#words.cellId.at(line),
      segmentId: this.#words.segmentId.at(line),
      load: this.#words.load.at(line),
      status: this.statusAt(line),
      failure: failure === null ? null : { class: failure },
      startedNs: this.#numbers.startedNs.at(line),
      endedNs: this.#numbers.endedNs.at(line),
    };
  }

  row(line: number): EpisodeRow {
    const [number, word] = [this.#numbers, this.#words];
    const passed = number.passed.orNull(line);
    return {
      episodeId: this.idAt(line),
      cellId: word.cellId.at(line),
      segmentId: word.segmentId.at(line),
      arm: word.arm.at(line),
      load: word.load.at(line),
      repetition: number.repetition.at(line),
      domain: word.domain.at(line),
      taskId: word.taskId.at(line),
      trial: number.trial.at(line),
      status: this.statusAt(line),
      termination: word.termination.orNull(line),
      failure: word.failure.orNull(line),
      explained: word.explained.orNull(line) !== null,
      reward: number.reward.orNull(line),
      passed: passed === null ? null : passed === 1,
      labels: JSON.parse(word.labels.at(line)) as string[],
      startedNs: number.startedNs.at(line),
      endedNs: number.endedNs.at(line),
      steps: number.steps.at(line),
      toolCalls: number.toolCalls.at(line),
      toolErrors: number.toolErrors.at(line),
      requests: number.requests.at(line),
      promptTokens: number.promptTokens.orNull(line),
      completionTokens: number.completionTokens.orNull(line),
      cachedTokens: number.cachedTokens.orNull(line),
      recordByte: number.recordByte.at(line),
      recordBytes: number.recordBytes.at(line),
    };
  }
}

function byName<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Readonly<Record<Name, Value>> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
}
