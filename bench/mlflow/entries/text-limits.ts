import { createHash } from "node:crypto";

/** Longer ones a server cuts without a word: 6000 in all versions for parameters, 5000 in version 2 for tags. */
export const paramCharactersMax = 6000;
export const tagCharactersMax = 5000;
const keyCharactersMax = 250;

/** A text that fits, with a mark of how much was cut. Characters are counted as Python does, by code points. */
export function cutText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const characters = Array.from(text);
  if (characters.length <= charactersMax) return text;
  const mark = ` … [cut by Tollgate: ${characters.length} characters]`;
  return `${characters.slice(0, charactersMax - mark.length).join("")}${mark}`;
}

/** The same for each of several. */
export function cutTexts(
  texts: Readonly<Record<string, string>>,
  charactersMax: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, cutText(text, charactersMax)]));
}

const refusedCharacter = /[^\p{L}\p{N}_\-. /]/gu;

/**
 * A key that every version takes: of letters, digits, `_`, `-`, `.`, space and `/`, and a path without empty parts. One that
 * had to be changed ends in a digest of what it was, so that two stay two.
 */
export function metricKey(...parts: readonly string[]): string {
  const whole = parts.join("/");
  const kept = parts
    .map((part) => part.replaceAll(refusedCharacter, "_").replaceAll("/", parts.length > 1 ? "_" : "/"))
    .join("/")
    .split("/")
    .map((part) => (/^\.*$/.test(part.trim()) ? "_" : part.trim()))
    .join("/");
  if (kept === whole && kept.length <= keyCharactersMax) return kept;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${Array.from(kept)
    .slice(0, keyCharactersMax - digest.length - 1)
    .join("")}-${digest}`;
}

/** `closed-4` of `closed:4`: a colon is in no key of version 2, and loads differ in more than that. */
export function loadKey(load: string): string {
  return load.replaceAll(":", "-");
}
