/** How American English writes the end of a British word, by that end. The first that fits counts. */
const endings: readonly (readonly [british: RegExp, american: string])[] = [
  [/yse$/u, "yze"],
  [/ys(ing|ed|er)$/u, "yz$1"],
  [/isation$/u, "ization"],
  [/is(e|es|ed|ing|er)$/u, "iz$1"],
  [/our$/u, "or"],
  [/our(ed|ing|s|able|ful|ite)$/u, "or$1"],
  [/ogue$/u, "og"],
  [/ence$/u, "ense"],
  [/([^l])l(led|ling|ler)$/u, "$1$2"],
  [/tre$/u, "ter"],
  [/bre$/u, "ber"],
  [/^grey$/u, "gray"],
  [/ae/u, "e"],
];

/**
 * The American form of a British word; null where none is known. For a word that both write alike (`surprise`) it is a word
 * that nobody writes, which is then never found; words whose form means something else (`four`, `programme`) have none.
 */
export function americanForm(british: string): string | null {
  const word = british.toLowerCase();
  if (word === "four") return null;
  const rule = endings.find(([ending]) => ending.test(word));
  return rule === undefined ? null : word.replace(rule[0], rule[1]);
}

export interface SpellingCount {
  readonly word: string;
  readonly british: number;
  readonly american: number;
}

/** How often a text has each word in its British and in its American form, with the usual endings behind it. */
export function countSpellings(text: string, words: readonly string[]): readonly SpellingCount[] {
  return words.map((word) => {
    const american = americanForm(word);
    return {
      word,
      british: occurrences(text, word.toLowerCase()),
      american: american === null ? 0 : occurrences(text, american),
    };
  });
}

function occurrences(text: string, word: string): number {
  // `analyse` also as analyses, analysed, analysing; but `analysis` is the same word in both and none of them.
  const stem = word.replace(/e$/u, "").replaceAll(/[\^$.*+?()[\]{}|\\/]/gu, String.raw`\$&`);
  const inflected = word.endsWith("e")
    ? `${stem}(?:e|es|ed|er|ers|ing)`
    : `${stem}(?:s|ed|ing|al|ful|able|ite)?`;
  return text.match(new RegExp(`(?<![\\p{L}\\p{N}_])${inflected}(?![\\p{L}\\p{N}_])`, "giu"))?.length ?? 0;
}
