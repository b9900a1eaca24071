import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  EpisodeColumns,
  isFields,
  isStoredColumns,
  type EpisodeRow,
  type StoredColumns,
} from "./episode-columns.ts";
import { eachJsonLine, recordsFile, type StoreWarning } from "./read-run.ts";
import type { EpisodeRecord, RunRecord } from "./record.ts";
import type { ProgressRecord } from "./progress.ts";
import { systemErrorCode } from "./storage-error.ts";

/** A record that is no episode's, and how many episode records stand before it. */
export interface OtherRecord {
  readonly before: number;
  readonly record: Exclude<RunRecord, EpisodeRecord>;
}

/** As they are written to a file. */
export interface StoredRecordColumns {
  readonly episodes: StoredColumns;
  readonly others: readonly OtherRecord[];
  readonly endByte: number;
  readonly lines: number;
  readonly crc: number;
  readonly tail: Uint8Array;
}

/** Whether something that was read from a file has their form. */
export function isStoredRecordColumns(value: unknown): value is StoredRecordColumns {
  return (
    isFields(value) &&
    isStoredColumns(value["episodes"]) &&
    Array.isArray(value["others"]) &&
    [value["endByte"], value["lines"], value["crc"]].every(Number.isInteger) &&
    value["tail"] instanceof Uint8Array
  );
}

/** So many bytes before the end are held against the file before it is read on. */
const tailBytes = 512;

/**
 * `records.jsonl` up to the last line that was complete: episodes as columns, everything else as it is. It is read on from where it
 * ended; a line that a driver took back, because the disk refused it, is found out by the bytes before that place.
 */
export class RecordColumns {
  readonly directory: string;
  #episodes: EpisodeColumns;
  #others: OtherRecord[];
  #end: Pick<StoredRecordColumns, "endByte" | "lines" | "crc" | "tail">;
  /** Row -> line of the record that counts. */
  #rows: number[] = [];
  #rowOf = new Map<string, number>();
  #warnings: readonly StoreWarning[] = [];

  constructor(directory: string, stored: StoredRecordColumns | null = null) {
    this.directory = directory;
    this.#episodes = new EpisodeColumns(stored?.episodes);
    this.#others = [...(stored?.others ?? [])];
    this.#end = stored ?? { endByte: 0, lines: 0, crc: 0, tail: new Uint8Array(0) };
    for (let line = 0; line < this.#episodes.count; line += 1) this.#count(line);
  }

  get stored(): StoredRecordColumns {
    return { episodes: this.#episodes.stored, others: this.#others, ...this.#end };
  }

  /** Finished episodes. */
  get count(): number {
    return this.#rows.length;
  }

  /** Episode records, those that count no more included. */
  get episodeRecords(): number {
    return this.#episodes.count;
  }

  /** What could not be read when it was read last: a line that its writer had not finished. */
  get warnings(): readonly StoreWarning[] {
    return this.#warnings;
  }

  get others(): readonly OtherRecord[] {
    return this.#others;
  }

  /** All records in their order, those of episodes as far as progress needs them. */
  outcomes(): readonly ProgressRecord[] {
    const records: ProgressRecord[] = [];
    let other = 0;
    for (let line = 0; line <= this.#episodes.count; line += 1) {
      for (let next = this.#others[other]; next?.before === line; next = this.#others[(other += 1)])
        records.push(next.record);
      if (line < this.#episodes.count) records.push(this.#episodes.outcome(line));
    }
    return records;
  }

  row(at: number): EpisodeRow {
    return this.#episodes.row(this.#lineOf(at));
  }

  attemptKey(at: number): string | undefined {
    return this.#episodes.attemptAt(this.#lineOf(at));
  }

  rowOf(episodeId: string): number | null {
    return this.#rowOf.get(episodeId) ?? null;
  }

  /** Reads the lines that were completed since. Returns whether there were any, or other ones than before. */
  async readOn(): Promise<boolean> {
    const known = await this.#isWhereItEnded();
    if (known === "nothing new") return false;
    if (known === "changed") this.#forget();
    const before = this.#end.endByte;
    const { path, schema } = recordsFile(this.directory);
    const from = { byte: before, line: this.#end.lines + 1 };
    const warnings: StoreWarning[] = [];
    await eachJsonLine({ path, schema, from }, warnings, (record, { startByte, endByte, number, bytes }) => {
      if (record.type === "episode") {
        this.#episodes.push(record, { startByte, bytes: bytes.length });
        this.#count(this.#episodes.count - 1);
      } else this.#others.push({ before: this.#episodes.count, record });
      // The newline belongs to the sum, too: what is summed is the file up to `endByte`.
      const crc = crc32("\n", crc32(bytes, this.#end.crc));
      const tail = bytes.subarray(Math.max(0, bytes.length - tailBytes));
      this.#end = { endByte, lines: number, crc, tail };
    });
    this.#warnings = warnings;
    // A line is a part of a block of the file, which need not stay for it.
    if (this.#end.endByte > before)
      this.#end = { ...this.#end, tail: Buffer.concat([this.#end.tail, Buffer.from("\n")]) };
    return known === "changed" || this.#end.endByte > before;
  }

  async #isWhereItEnded(): Promise<"nothing new" | "grown" | "changed"> {
    const { endByte, tail } = this.#end;
    const size = await sizeOf(recordsFile(this.directory).path);
    if (size < endByte) return "changed";
    const { path } = recordsFile(this.directory);
    const bytes = await bytesAt(path, { at: endByte - tail.length, length: tail.length });
    if (!bytes.equals(tail)) return "changed";
    return size === endByte ? "nothing new" : "grown";
  }

  #forget(): void {
    this.#episodes = new EpisodeColumns();
    this.#others = [];
    this.#end = { endByte: 0, lines: 0, crc: 0, tail: new Uint8Array(0) };
    this.#rows = [];
    this.#rowOf = new Map();
  }

  /** A cancelled attempt is no result. Of several records of an episode the last one counts. */
  #count(line: number): void {
    if (this.#episodes.statusAt(line) === "cancelled") return;
    const id = this.#episodes.idAt(line);
    const known = this.#rowOf.get(id);
    if (known !== undefined) this.#rows[known] = line;
    else {
      this.#rowOf.set(id, this.#rows.length);
      this.#rows.push(line);
    }
  }

  #lineOf(at: number): number {
    const line = this.#rows[at];
    if (line === undefined) throw new RangeError(`there is no row ${at} among ${this.#rows.length} episodes`);
    return line;
  }
}

/** 0 where there is no file. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return 0;
    throw thrown;
  }
}

/** As many of these bytes as the file has. */
export async function bytesAt(
  path: string,
  { at, length }: { readonly at: number; readonly length: number },
): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0);
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: at, length });
  return buffer.subarray(0, bytesRead);
}
