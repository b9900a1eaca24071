import type { Draft } from "./draft.ts";
import { isJson, jsonOf, type Fields } from "./json.ts";

/**
 * Takes the entries of `tool_calls` into the draft: a list, or one entry. False: one of them has a form that is not known.
 * @param whole each entry is a call of its own, not a part of one
 */
export function addCalls(draft: Draft, entries: unknown, whole: boolean): boolean {
  const list: readonly unknown[] | null = Array.isArray(entries)
    ? entries
    : isJson(entries)
      ? [entries]
      : null;
  if (list === null) return false;
  return list
    .map((entry, position) => addCall(draft, entry, { whole, position, count: list.length }))
    .every(Boolean);
}

/** OpenAI's older form of a call, which has neither id nor index. */
export function addFunctionCall(draft: Draft, call: unknown): boolean {
  return addCall(draft, { function: call }, { whole: false, position: 0, count: 1, only: true });
}

interface EntryPlace {
  readonly whole: boolean;
  readonly position: number;
  readonly count: number;
  readonly only?: boolean;
}

function addCall(
  draft: Draft,
  entry: unknown,
  { whole, position, count, only = false }: EntryPlace,
): boolean {
  if (entry === null) return true;
  if (!isJson(entry)) return false;
  // Custom tools take a text; some servers leave the object around name and arguments out.
  const called = entry["function"] ?? entry["custom"] ?? entry;
  if (!isJson(called)) return false;
  const id = textOf(entry["id"] ?? entry["call_id"] ?? (called === entry ? null : called["id"]));
  const name = textOf(called["name"]);
  const value = called["arguments"] ?? called["input"] ?? called["parameters"] ?? "";
  const argumentsText = typeof value === "object" ? jsonOf(value) : value;
  const isKnown = id !== null && name !== null && typeof argumentsText === "string";
  if (!isKnown) {
    draft.carriesTokens = true;
    return false;
  }
  if (id === "" && name === "" && argumentsText === "") return true;
  draft.carriesTokens = true;
  draft.calls.add({
    index: whole ? position : indexOf(entry),
    position: count > 1 ? position : null,
    id,
    name,
    argumentsText,
    whole: typeof value === "object",
    only,
  });
  return true;
}

/** Some servers write it as a text. */
function indexOf({ index }: Fields): number | null {
  const number = typeof index === "string" && index.trim() !== "" ? Number(index) : index;
  return typeof number === "number" && Number.isInteger(number) ? number : null;
}

/** "" where it is left out; null for what is no name or id. */
function textOf(value: unknown): string | null {
  if (value == null) return "";
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
}
