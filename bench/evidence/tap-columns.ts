import { NumberColumn, WordColumn } from "../store/columns.ts";
import type { TapTiming } from "./tap-timing.ts";

const numberNames = [
  "startedNs",
  "requestEndNs",
  "firstByteNs",
  "firstTokenNs",
  "lastTokenNs",
  "endedNs",
  "requestBytes",
  "responseBytes",
  "status",
  "promptTokens",
  "completionTokens",
  "cachedTokens",
  "tokenChunks",
] as const;
const wordNames = [
  "hop",
  "arm",
  "requestId",
  "episodeId",
  "attemptKey",
  "method",
  "path",
  "outcome",
  "error",
  "finishReason",
] as const;

/** What few exchanges have, or what is the same for nearly all; kept as one object for all that agree. */
type RareFields = Pick<TapTiming, "sentAgain" | "impossibleUsage" | "incomplete" | "unreadable" | "streamed">;

/**
 * The exchanges of a segment as columns, each in 200 bytes instead of 700, with an object of 40 bytes that reads from them: a segment has
 * millions. The fields of that object are not its own, so it cannot be spread.
 */
export class TapColumns {
  readonly numbers = byName(numberNames, () => new NumberColumn());
  readonly words = byName(wordNames, () => new WordColumn());
  readonly rare: RareFields[] = [];
  readonly #known = new Map<string, RareFields>();
  readonly #timings: ColumnTiming[] = [];

  get timings(): readonly TapTiming[] {
    return this.#timings;
  }

  push(timing: TapTiming): void {
    const { usage, tokenChunks = null } = timing;
    const { promptTokens = null, completionTokens = null, cachedTokens = null } = usage ?? {};
    const numbers = { ...timing, promptTokens, completionTokens, cachedTokens, tokenChunks };
    for (const name of numberNames) this.numbers[name].push(numbers[name]);
    for (const name of wordNames) this.words[name].push(timing[name]);
    this.rare.push(this.#shared(timing));
    this.#timings.push(new ColumnTiming(this, this.#timings.length));
  }

  #shared({ sentAgain, impossibleUsage, incomplete, unreadable, streamed }: TapTiming): RareFields {
    const fields: RareFields = {
      streamed,
      ...(sentAgain !== undefined && { sentAgain }),
      ...(impossibleUsage !== undefined && { impossibleUsage }),
      ...(incomplete !== undefined && { incomplete }),
      ...(unreadable !== undefined && { unreadable }),
    };
    const key = JSON.stringify(fields);
    const known = this.#known.get(key) ?? fields;
    this.#known.set(key, known);
    return known;
  }
}

class ColumnTiming implements TapTiming {
  readonly #columns: TapColumns;
  readonly #row: number;

  constructor(columns: TapColumns, row: number) {
    this.#columns = columns;
    this.#row = row;
  }

  get v(): 1 {
    return 1;
  }
  get hop(): TapTiming["hop"] {
    return this.#columns.words.hop.at(this.#row) as TapTiming["hop"];
  }
  get arm(): string {
    return this.#columns.words.arm.at(this.#row);
  }
  get requestId(): string {
    return this.#columns.words.requestId.at(this.#row);
  }
  get episodeId(): string | null {
    return this.#columns.words.episodeId.orNull(this.#row);
  }
  get attemptKey(): string | null {
    return this.#columns.words.attemptKey.orNull(this.#row);
  }
  get method(): string {
    return this.#columns.words.method.at(this.#row);
  }
  get path(): string {
    return this.#columns.words.path.at(this.#row);
  }
  get status(): number | null {
    return this.#columns.numbers.status.orNull(this.#row);
  }
  get outcome(): TapTiming["outcome"] {
    return this.#columns.words.outcome.at(this.#row) as TapTiming["outcome"];
  }
  get error(): string | null {
    return this.#columns.words.error.orNull(this.#row);
  }
  get finishReason(): string | null {
    return this.#columns.words.finishReason.orNull(this.#row);
  }
  get requestBytes(): number {
    return this.#columns.numbers.requestBytes.at(this.#row);
  }
  get responseBytes(): number {
    return this.#columns.numbers.responseBytes.at(this.#row);
  }
  get startedNs(): number {
    return this.#columns.numbers.startedNs.at(this.#row);
  }
  get requestEndNs(): number {
    return this.#columns.numbers.requestEndNs.at(this.#row);
  }
  get firstByteNs(): number | null {
    return this.#columns.numbers.firstByteNs.orNull(this.#row);
  }
  get firstTokenNs(): number | null {
    return this.#columns.numbers.firstTokenNs.orNull(this.#row);
  }
  get lastTokenNs(): number | null {
    return this.#columns.numbers.lastTokenNs.orNull(this.#row);
  }
  get endedNs(): number {
    return this.#columns.numbers.endedNs.at(this.#row);
  }
  get usage(): TapTiming["usage"] {
    const { promptTokens, completionTokens, cachedTokens } = this.#columns.numbers;
    const prompt = promptTokens.orNull(this.#row);
    if (prompt === null) return null;
    return {
      promptTokens: prompt,
      completionTokens: completionTokens.at(this.#row),
      cachedTokens: cachedTokens.orNull(this.#row),
    };
  }
  get tokenChunks(): TapTiming["tokenChunks"] {
    return this.#columns.numbers.tokenChunks.orNull(this.#row) ?? undefined;
  }
  get streamed(): boolean {
    return this.#rare.streamed;
  }
  get sentAgain(): TapTiming["sentAgain"] {
    return this.#rare.sentAgain;
  }
  get impossibleUsage(): TapTiming["impossibleUsage"] {
    return this.#rare.impossibleUsage;
  }
  get incomplete(): TapTiming["incomplete"] {
    return this.#rare.incomplete;
  }
  get unreadable(): TapTiming["unreadable"] {
    return this.#rare.unreadable;
  }

  get #rare(): RareFields {
    const fields = this.#columns.rare[this.#row];
    if (fields === undefined) throw new RangeError(`there is no exchange ${this.#row}`);
    return fields;
  }
}

function byName<Name extends string, Value>(
  names: readonly Name[],
  of: () => Value,
): Readonly<Record<Name, Value>> {
  return Object.fromEntries(names.map((name) => [name, of()])) as Record<Name, Value>;
}
