/** Numbers of many rows in 8 bytes each. null is kept as NaN, which JSON cannot hold, so that it is not taken for 0. */
export class NumberColumn {
  #values: Float64Array;
  #length: number;

  constructor(values: Float64Array = new Float64Array(0)) {
    this.#values = values;
    this.#length = values.length;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  push(value: number | null): void {
    if (this.#length === this.#values.length) {
      const longer = new Float64Array(Math.max(1024, 2 * this.#length));
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length] = value ?? Number.NaN;
    this.#length += 1;
  }

  /** Of a column that holds no null. */
  at(row: number): number {
    return this.#values[row] ?? Number.NaN;
  }

  orNull(row: number): number | null {
    const value = this.at(row);
    return Number.isNaN(value) ? null : value;
  }
}

/** Words of many rows, each stored once; null is a word of its own. */
export class WordColumn {
  readonly #codes: NumberColumn;
  readonly #words: (string | null)[];
  readonly #codeOf: Map<string | null, number>;

  constructor(stored: StoredWords = { codes: new Float64Array(0), words: [] }) {
    this.#codes = new NumberColumn(stored.codes);
    this.#words = [...stored.words];
    this.#codeOf = new Map(this.#words.map((word, code) => [word, code]));
  }

  get stored(): StoredWords {
    return { codes: this.#codes.values, words: this.#words };
  }

  push(word: string | null): void {
    let code = this.#codeOf.get(word);
    if (code === undefined) {
      code = this.#words.length;
      this.#words.push(word);
      this.#codeOf.set(word, code);
    }
    this.#codes.push(code);
  }

  orNull(row: number): string | null {
    return this.#words[this.#codes.at(row)] ?? null;
  }

  /** Of a column that holds no null. */
  at(row: number): string {
    return this.orNull(row) ?? "";
  }
}

export interface StoredWords {
  readonly codes: Float64Array;
  readonly words: readonly (string | null)[];
}
