import { messageOf } from "../../errors.ts";

/** A JSON text as Python writes it, or why it is none. */
export type ReadJson =
  | {
      readonly value: unknown;
      /** NaN and infinities, which JSON does not have and Python's writer does; null stands in their places. */
      readonly notNumbers: number;
    }
  | { readonly why: string };

/** Strings, so that what stands in one is left alone, or one of Python's three words. */
const wordsOfPython = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;

export function readPythonJson(text: string): ReadJson {
  try {
    return { value: JSON.parse(text), notNumbers: 0 };
  } catch (first) {
    let notNumbers = 0;
    const mended = text.replace(wordsOfPython, (part) => {
      if (part.startsWith('"')) return part;
      notNumbers += 1;
      return "null";
    });
    if (notNumbers === 0) return { why: messageOf(first) };
    try {
      return { value: JSON.parse(mended), notNumbers };
    } catch {
      return { why: messageOf(first) };
    }
  }
}
