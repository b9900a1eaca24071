import { parseExact } from "./exact-json.ts";
import { JsonComparison } from "./json-comparison.ts";

/** Whether two texts are one JSON value, in another spelling; false where one of them is none. */
export function sameJson(one: string, other: string): boolean {
  const [a, b] = [parsed(one), parsed(other)];
  if (a === undefined || b === undefined) return false;
  return new JsonComparison(
    () => null,
    () => false,
  ).same([], a, b);
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined; // Not JSON: then the texts are compared as they are.
  }
}
