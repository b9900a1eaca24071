const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const notFinite = /^([+-]?)(nan|inf|infinity)$/i;
const parts = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/** Decimal notation, with or without an exponent. */
export function isNumeral(text: string): boolean {
  return numeral.test(text);
}

/** The number a value text stands for: decimal notation, or NaN and infinities in any case (prom-client writes `Nan`); null otherwise. */
export function readValue(text: string): number | null {
  if (numeral.test(text)) return Number(text);
  const special = notFinite.exec(text);
  if (special === null) return null;
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** How a number stands on a page. */
export interface Printed {
  /** Significant digits that were written: 6 for `1.90511e+06`, 2 for `1.5e+06`, 7 for `123456.0`. */
  readonly digits: number;
  /** As written after the `e`; null for a number without one. */
  readonly exponent: number | null;
}

/** Reads how a number was printed; of NaN and infinities nothing was rounded. */
export function readPrinted(text: string): Printed {
  const match = parts.exec(text);
  if (match === null) return { digits: 0, exponent: null };
  const digits = `${match[1] ?? ""}${match[2] ?? ""}`.replace(/^0+/, "").length;
  return { digits, exponent: match[3] === undefined ? null : Number(match[3]) };
}
