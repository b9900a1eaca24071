import { isDeepStrictEqual } from "node:util";

/**
 * Whether two argument texts are the same JSON value: agent programs parse them and write them again, with other spaces,
 * another order of keys and another spelling of numbers. No text at all is an empty object.
 */
export function sameArguments(left: string, right: string): boolean {
  if (left === right) return true;
  const [one, other] = [valueOf(left), valueOf(right)];
  return one !== undefined && other !== undefined && isDeepStrictEqual(one, other);
}

function valueOf(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text, exactNumber);
  } catch {
    return undefined; // No JSON, which is equal to the same text alone.
  }
}

/** Tools get integers of any length; as a double two of them can look the same. */
function exactNumber(_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  if (typeof value !== "number") return value;
  const long = !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source);
  return long ? BigInt(source) : value + 0;
}
