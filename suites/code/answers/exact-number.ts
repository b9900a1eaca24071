/** A number as a fraction: 0.1 + 0.2 is 0.3 then, and 18.00 is 18. */
export interface ExactNumber {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const decimal = String.raw`(?:\d{1,3}(?:,\d{3})+(?![\d,]*\d)|\d+)(?:\.\d+)?|\.\d+`;
const unsigned = String.raw`(?:${decimal})(?:\s*/\s*\d+)?|\d+\s+\d+\s*/\s*\d+`;

/** A number in a text: signs, currency before it, thousands with commas, a fraction, a mixed number. */
const inText = new RegExp(
  String.raw`(?<![\w./])(?<sign>[-−–+]\s?)?(?:[$€£¥₹]\s?)?(?<sign2>[-−–])?(?<number>\d+\s+\d+\s*/\s*\d+|${unsigned})`,
  "gu",
);

export interface NumberInText {
  readonly value: ExactNumber;
  /** As it was written, without currency. */
  readonly text: string;
  readonly index: number;
}

/** All numbers of a text, in order. What cannot be one (a division by 0) is left out. */
export function numbersIn(text: string): readonly NumberInText[] {
  return [...withoutMarkup(text).matchAll(inText)].flatMap(({ groups, index }) => {
    const { sign = "", sign2 = "", number = "" } = groups ?? {};
    const minus = /[-−–]/u.test(sign + sign2) ? "-" : "";
    const written = `${minus}${number}`;
    const value = exactNumber(written);
    return value === null ? [] : [{ value, text: written, index }];
  });
}

/** TeX and Markdown around a number. */
function withoutMarkup(text: string): string {
  return text
    .replaceAll(/\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}/gu, " $1/$2 ")
    .replaceAll(/\\text(?:bf)?\s*\{([^{}]*)\}/gu, " $1 ")
    .replaceAll(/\{,\}/gu, ",")
    .replaceAll(/\\[,!;: ]/gu, "")
    .replaceAll(/\\([$%])/gu, "$1")
    .replaceAll(/[*_`]+(?=[-−$€£¥₹\d.])|(?<=\d|%)[*_`]+/gu, " ");
}

/** A number that stands alone: `-1,234.50`, `3/4`, `1 1/2`; null: it is none. */
export function exactNumber(written: string): ExactNumber | null {
  const text = written.trim().replaceAll(",", "").replace(/^[−–]/u, "-");
  const mixed = /^(-?)(\d+)\s+(\d+)\s*\/\s*(\d+)$/.exec(text);
  if (mixed) {
    const [, sign = "", whole = "", above = "", below = ""] = mixed;
    const denominator = BigInt(below);
    return reduced(signed(sign, BigInt(whole) * denominator + BigInt(above)), denominator);
  }
  const plain = /^([-+]?)(\d*)(?:\.(\d+))?(?:\s*\/\s*(\d+))?$/.exec(text);
  if (!plain || text.replaceAll(/[^\d]/g, "") === "") return null;
  const [, sign = "", whole = "", fraction = "", below = "1"] = plain;
  const scale = 10n ** BigInt(fraction.length);
  return reduced(signed(sign, BigInt(`${whole}${fraction}`)), scale * BigInt(below));
}

const signed = (sign: string, value: bigint) => (sign === "-" ? -value : value);

function reduced(numerator: bigint, denominator: bigint): ExactNumber | null {
  if (denominator === 0n) return null;
  const divisor = greatestDivisor(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

export const sameNumber = (a: ExactNumber, b: ExactNumber): boolean =>
  a.numerator === b.numerator && a.denominator === b.denominator;
