/** In the place of figures that cannot be recomputed: why. */
export class NotCovered {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A number that a report has to a step, e.g. thousandths. */
export class Rounded {
  readonly value: number;
  readonly step: number;

  constructor(value: number, step: number) {
    this.value = value;
    this.step = step;
  }
}

/**
 * What a report should say, in the form of the report itself. A name that is missing here is a figure that nobody recomputes, and is
 * counted as one; `NotCovered` says why.
 */
export type Expected =
  | null
  | boolean
  | number
  | string
  | NotCovered
  | Rounded
  | readonly Expected[]
  | { readonly [name: string]: Expected | undefined };

/** One figure that is not what the evidence gives. */
export interface Unequal {
  /** Path in the file, e.g. `cells[c1-r0-raw].rates.episodesPerMinute.value`. */
  readonly figure: string;
  /** File in the run directory that says it. */
  readonly file: string;
  readonly said: string;
  readonly recomputed: string;
}

/** Figures of one kind that were held against the evidence, or were not. */
export interface FigureCoverage {
  readonly file: string;
  /** Without positions: `cells.*.rates.episodesPerMinute.value`. */
  readonly kind: string;
  readonly count: number;
  /** Why they are not covered; null where they are. */
  readonly reason: string | null;
}

export interface Compared {
  readonly unequal: readonly Unequal[];
  readonly coverage: readonly FigureCoverage[];
}
