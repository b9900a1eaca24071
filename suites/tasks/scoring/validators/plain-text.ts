/**
 * AgentBench compares texts without regard to case. Models write `couldn’t` where tasks write `couldn't`, so quotes are
 * made equal, too; accents are composed, so that `é` is one letter whoever wrote it.
 */
export function folded(text: string): string {
  return text.normalize("NFC").replaceAll(/[‘’ʼ]/gu, "'").replaceAll(/[“”]/gu, '"').toLowerCase();
}

/** Those of the wanted texts that are in the text, and the others, each as the task wrote it. */
export function search(
  text: string,
  wanted: readonly string[],
): { readonly found: readonly string[]; readonly lacking: readonly string[] } {
  const within = folded(text);
  const isIn = (word: string) => within.includes(folded(word));
  return { found: wanted.filter(isIn), lacking: wanted.filter((word) => !isIn(word)) };
}

/** As `wc -w` counts. */
export function wordCount(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== "").length;
}

/** A short form of a text that an agent wrote, for a sentence about it. */
export function shown(text: string, charactersMax = 80): string {
  const line = text.replaceAll(/\s+/gu, " ").trim();
  const characters = Array.from(line);
  return characters.length <= charactersMax ? line : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

/** Words for a list in a sentence: at most five of them. */
export function named(words: readonly string[]): string {
  const some = words.slice(0, 5).map((word) => JSON.stringify(shown(word)));
  return words.length > some.length
    ? `${some.join(", ")} and ${words.length - some.length} more`
    : some.join(", ");
}
