import type { JsonValue } from "../../bench/verify/evidence/json-value.ts";

/** A figure of a JSON file: where it stands, and what stands there. */
export interface Place {
  readonly steps: readonly (string | number)[];
  readonly value: number | string;
}

/** Every number and every text with digits. */
export function figuresIn(value: JsonValue, steps: readonly (string | number)[] = []): readonly Place[] {
  if (typeof value === "number" || (typeof value === "string" && /\d/.test(value))) return [{ steps, value }];
  if (Array.isArray(value))
    return value.flatMap((entry: JsonValue, index) => figuresIn(entry, [...steps, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as Record<string, JsonValue>).flatMap(([name, entry]) =>
    figuresIn(entry, [...steps, name]),
  );
}

/** As it is without positions: `cells.*.seconds`. */
export function kindOf({ steps }: Place): string {
  return steps.map((step) => (typeof step === "number" ? "*" : step)).join(".");
}

/** The texts that a figure has after one of its digits was changed, for each of the first nine that count. */
export function edits(value: number | string): readonly (number | string)[] {
  const text = String(value);
  const mantissa = text.split("e")[0] ?? text;
  const first = typeof value === "string" ? 0 : mantissa.search(/[1-9]/);
  const positions = Array.from(mantissa).flatMap((character, at) =>
    /\d/.test(character) && at >= Math.max(0, first) ? [at] : [],
  );
  return positions.slice(0, 9).map((at) => {
    const digit = String((Number(text[at]) + 1) % 10);
    const edited = text.slice(0, at) + digit + text.slice(at + 1);
    return typeof value === "number" ? Number(edited) : edited;
  });
}

/** A copy of a file's JSON with another value at a place. */
export function edited(json: JsonValue, { steps }: Place, value: number | string): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  const copy: unknown = Array.isArray(json) ? [...json] : { ...(json as object) };
  const owner = copy as Record<string | number, JsonValue>;
  owner[step] = edited(owner[step] ?? null, { steps: rest, value }, value);
  return copy as JsonValue;
}
