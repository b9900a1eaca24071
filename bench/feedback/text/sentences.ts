import { isBlank, isSpace, stripped } from "./python-text.ts";

const ends: ReadonlySet<string | undefined> = new Set([".", "!", "?"]);

/**
 * Sentences of a text: its parts between runs of `.`, `!` and `?` that white space or the end of the text follows, without
 * blank ones. So `Dr. Smith went.` has two, and `v1.2.3 is out.` one.
 */
export function countSentences(text: string): number {
  const whole = stripped(text);
  let count = 0;
  let from = 0;
  for (let at = 0; at <= whole.length; at++) {
    if (at < whole.length && !ends.has(whole[at])) continue;
    let after = at;
    while (ends.has(whole[after])) after++;
    if (after < whole.length && !isSpace(whole[after])) {
      at = after - 1;
      continue;
    }
    if (!isBlank(whole.slice(from, at))) count++;
    from = after + 1;
    at = after;
  }
  return count;
}
