/**
 * Texts as Python sees them: what CLaaS' own functions count as white space, words and digits, so that the same texts have the
 * same numbers. JavaScript's `\s` has a byte order mark in it and lacks NEL and the separators of files, groups and records.
 */
const spaceClass = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

const space = new RegExp(`^[${spaceClass}]$`, "u");
const spaces = new RegExp(`[${spaceClass}]+`, "gu");
const digit = /^\p{Nd}$/u;

export const isSpace = (character: string | undefined): boolean =>
  character !== undefined && space.test(character);

/** Of any script. */
export const isDigit = (character: string | undefined): boolean =>
  character !== undefined && digit.test(character);

/** What `str.split()` gives. */
export function wordsOf(text: string): readonly string[] {
  return text.split(spaces).filter((word) => word !== "");
}

/** What `str.strip()` gives. */
export function stripped(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text[from])) from++;
  while (to > from && isSpace(text[to - 1])) to--;
  return text.slice(from, to);
}

export const isBlank = (text: string): boolean => stripped(text) === "";
