/**
 * How the beginning of a JSON value is completed. The rules are those of Python's `partial_json_parser`, with which SGLang
 * reads calls while they are written; a reader that is better at it would read other calls.
 */
export interface CompletedJson {
  /** How much of the text stays. */
  readonly length: number;
  /** What is written behind that; null: the value was complete. */
  readonly rest: string | null;
}

/** Nothing that is written behind this text could make a value of it, or nothing may. */
export class MalformedJsonError extends Error {}

/** The same, where Python's parser has a failed assertion, which not every version of SGLang expects. */
export class UnexpectedJsonError extends MalformedJsonError {}

/** May a text value that has no end be closed? */
export interface Allowed {
  readonly texts: boolean;
}

/** The text has ended where more is needed. */
const cut = Symbol("cut");
type Maybe = CompletedJson | null | typeof cut;

/** @returns the part that stays and what is written behind it @throws {MalformedJsonError} */
export function completed(text: string, allowed: Allowed, isTopLevel = false): readonly [string, string] {
  const trimmed = text.trim();
  const found = anyValue(trimmed, allowed, isTopLevel);
  if (found === null) throw new UnexpectedJsonError("cut");
  if (found === cut) throw new MalformedJsonError("empty");
  return [trimmed.slice(0, found.length), found.rest ?? ""];
}

const words = ["null", "true", "false", "Infinity", "-Infinity", "NaN"];

/** null where it cannot be completed yet. */
function anyValue(text: string, allowed: Allowed, isTopLevel = false): Maybe {
  const first = text[spaceEnd(text, 0)];
  if (first === undefined) return cut;
  if (first === '"') return textValue(text, allowed);
  if (/\d/.test(first)) return numberValue(text, isTopLevel);
  if (first === "[") return container(text, allowed, "]");
  if (first === "{") return container(text, allowed, "}");
  if (text === "-") return null;
  if (first === "-" && text[1] !== "I") return numberValue(text, isTopLevel);
  for (const word of words) {
    if (text.startsWith(word)) return { length: word.length, rest: null };
    if (word.startsWith(text)) return { length: 0, rest: word };
  }
  throw new MalformedJsonError(`Unexpected character ${first}`);
}

function textValue(text: string, { texts }: Allowed): Maybe {
  if (text[0] !== '"') throw new MalformedJsonError("a text is expected");
  let at = 1;
  while (at < text.length) {
    if (text[at] === '"') return { length: at + 1, rest: null };
    if (text[at] === "\\" && at + 1 === text.length) break;
    at += text[at] === "\\" ? 2 : 1;
  }
  if (!texts) return null;
  // An escape that may go on is left out.
  for (const [mark, length] of [
    ["\\u", 5],
    ["\\U", 9],
    ["\\x", 3],
  ] as const) {
    const found = text.slice(0, at).lastIndexOf(mark);
    if (found >= Math.max(0, at - length) && found !== -1 && !isEscaped(text, found))
      return { length: found, rest: '"' };
  }
  return { length: at, rest: '"' };
}

export function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

function container(text: string, allowed: Allowed, bracket: "]" | "}"): Maybe {
  let [whole, at] = [1, 1];
  for (;;) {
    at = spaceEnd(text, at);
    if (text[at] === bracket) return { length: at + 1, rest: null };
    if (at >= text.length) return { length: whole, rest: bracket };
    if (bracket === "}") {
      const key = textValue(text.slice(at), allowed);
      if (key === null || key === cut || key.rest !== null) return { length: whole, rest: bracket };
      at = spaceEnd(text, at + key.length);
      if (at >= text.length) return { length: whole, rest: bracket };
      if (text[at] !== ":") throw new MalformedJsonError(`Expected ':', got ${text[at] ?? ""}`);
      at = spaceEnd(text, at + 1);
    }
    const value = anyValue(text.slice(at), allowed);
    if (value === null || value === cut) return { length: whole, rest: bracket };
    if (value.rest !== null) return { length: at + value.length, rest: value.rest + bracket };
    whole = at + value.length;
    at = spaceEnd(text, whole);
    if (at >= text.length) return { length: whole, rest: bracket };
    if (text[at] === bracket) return { length: at + 1, rest: null };
    if (text[at] !== ",") throw new MalformedJsonError(`Expected ',' or '${bracket}', got ${text[at] ?? ""}`);
    at += 1;
  }
}

function numberValue(text: string, isTopLevel: boolean): Maybe {
  let end = 1;
  while (end < text.length && /[\d.\-+eE]/.test(text[end] ?? "")) end += 1;
  const atEnd = end === text.length;
  const whole = end;
  while (/[.\-+eE]/.test(text[end - 1] ?? "")) end -= 1;
  return { length: end, rest: whole !== end || (atEnd && !isTopLevel) ? "" : null };
}

/** Python's `str.isspace` counts more than JSON does. */
function spaceEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at += 1;
  return at;
}
