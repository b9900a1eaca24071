import type { WrittenValue } from "./case.ts";

/** With whole numbers as they were written: two that a double cannot tell apart are not the same. Throws SyntaxError. */
export function parseJson(text: string): WrittenValue {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  }) as WrittenValue;
}

/** A text of arguments as the object that it is; null: it is none. */
export function parseArguments(text: string): Readonly<Record<string, WrittenValue>> | null {
  try {
    const value = parseJson(text.trim() === "" ? "{}" : text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** As JSON, each number with the digits that were written: `JSON.stringify` throws for a bigint. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "bigint" ? rawJson(String(one)) : one,
  );
}

export function isObject(value: WrittenValue | undefined): value is Readonly<Record<string, WrittenValue>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
