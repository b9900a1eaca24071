/** One line of `tau2 verify`: how many answers of the port equal the reference. */
export interface VerifyRow {
  readonly domain: string;
  readonly kind: VerifyKind;
  readonly equal: number;
  readonly total: number;
  /** The first answers that differ, for the reader; empty when all are equal. */
  readonly differences: readonly string[];
}

export type VerifyKind =
  | "calls"
  | "hashes"
  | "tasks"
  | "eval"
  | "schemas"
  | "userPrompts"
  | "policies"
  | "seeds"
  | "passk"
  | "judge";

const SHOWN_DIFFERENCES = 5;

/** Counts comparisons for one row. `note` is called only for a difference. */
export class RowCounter {
  readonly #domain: string;
  readonly #kind: VerifyKind;
  readonly #differences: string[] = [];
  #equal = 0;
  #total = 0;

  constructor(domain: string, kind: VerifyKind) {
    this.#domain = domain;
    this.#kind = kind;
  }

  count(equal: boolean, note: () => string): void {
    this.#total += 1;
    if (equal) this.#equal += 1;
    else if (this.#differences.length < SHOWN_DIFFERENCES) this.#differences.push(note());
  }

  row(): VerifyRow {
    return {
      domain: this.#domain,
      kind: this.#kind,
      equal: this.#equal,
      total: this.#total,
      differences: [...this.#differences],
    };
  }
}
