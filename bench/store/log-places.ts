import { crc32 } from "node:zlib";
import type { z } from "zod";
import { linesIn, readLineBlocks } from "./line-file.ts";
import { logPath, parseJsonLine, type EpisodeLog } from "./read-run.ts";
import { bytesAt } from "./record-columns.ts";

/** How the lines of a log are told apart without parsing them: their names stand first, in the order of their schema. */
export interface LogNames<T> {
  readonly log: EpisodeLog;
  readonly schema: z.ZodType<T>;
  /** What a line is found by, from its first characters; null where they do not say it. */
  readonly keyOf: (head: string) => string | null;
  readonly keyOfValue: (value: T) => string;
}

const headBytes = 512;

/**
 * Finds single lines of a log. The first time the file is read once and the place of each line kept, later only what was written since; of a
 * compressed log no place can be kept. What stands at a place is held against its sum, and the file read again when it is another line.
 */
export class LogPlaces<T> {
  readonly #directory: string;
  readonly #names: LogNames<T>;
  #places = new Map<string, { readonly at: number; readonly length: number; readonly sum: number }>();
  #readByte = 0;
  #lastKey: string | null = null;

  constructor(directory: string, names: LogNames<T>) {
    this.#directory = directory;
    this.#names = names;
  }

  /** null where no line has the name. @throws {RunUnreadableError} when the line is damaged */
  async find(key: string): Promise<T | null> {
    const path = await logPath(this.#directory, this.#names.log);
    if (path === null) return null;
    if (path.endsWith(".zst")) return await this.#search(path, key);
    const known = await this.#at(path, key);
    if (known !== null) return known;
    // A driver that goes on with a run cuts lines off whose episodes were not recorded, and others stand there then.
    if (this.#places.has(key) || !(await this.#endsWhereItDid(path))) this.#forget();
    await this.#readOn(path);
    return await this.#at(path, key);
  }

  async #endsWhereItDid(path: string): Promise<boolean> {
    const last = this.#lastKey;
    return last === null || (await this.#at(path, last)) !== null;
  }

  async #at(path: string, key: string): Promise<T | null> {
    const place = this.#places.get(key);
    if (place === undefined) return null;
    const bytes = await bytesAt(path, place);
    if (crc32(bytes) !== place.sum) return null;
    return this.#parsed(path, { bytes, startByte: place.at });
  }

  #forget(): void {
    this.#places = new Map();
    this.#readByte = 0;
    this.#lastKey = null;
  }

  async #readOn(path: string): Promise<void> {
    for await (const block of readLineBlocks(path, this.#readByte)) {
      for (const { bytes, startByte, endByte, terminated } of linesIn(block, 1)) {
        if (!terminated) return;
        const key = this.#keyOf(path, { bytes, startByte });
        this.#places.set(key, { at: startByte, length: bytes.length, sum: crc32(bytes) });
        this.#readByte = endByte;
        this.#lastKey = key;
      }
    }
  }

  async #search(path: string, key: string): Promise<T | null> {
    for await (const block of readLineBlocks(path)) {
      for (const { bytes, startByte, terminated } of linesIn(block, 1)) {
        if (terminated && this.#keyOf(path, { bytes, startByte }) === key)
          return this.#parsed(path, { bytes, startByte });
      }
    }
    return null;
  }

  /** A line whose names do not stand first is parsed. */
  #keyOf(path: string, line: PlacedLine): string {
    const { keyOf, keyOfValue } = this.#names;
    return keyOf(line.bytes.toString("utf8", 0, headBytes)) ?? keyOfValue(this.#parsed(path, line));
  }

  #parsed(path: string, { bytes, startByte }: PlacedLine): T {
    return parseJsonLine({ where: `${path}, byte ${startByte}`, schema: this.#names.schema }, bytes);
  }
}

interface PlacedLine {
  readonly bytes: Buffer;
  readonly startByte: number;
}
