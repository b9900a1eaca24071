/** More digits than a number of JavaScript keeps. */
const manyDigits = /[:[,]\s*-?\d{16,}\s*[,}\]]/;

/**
 * `JSON.parse`, with integers that a number of JavaScript cannot hold as their text: a gateway that reads them as numbers
 * makes another seed of a seed, and both would look the same here.
 */
export function parseExact(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  const keep: Reviver = (_key, value, context) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? integerText(context?.source ?? String(value))
      : value;
  return JSON.parse(text, keep);
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** `1e20` and `100000000000000000000` are one number. */
function integerText(source: string): string {
  return /^-?\d+$/.test(source) ? BigInt(source).toString() : BigInt(Number(source)).toString();
}
