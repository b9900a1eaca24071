/** What a text is without the model's thoughts, and what was taken off. */
export interface Spoken {
  readonly text: string;
  /** `open`: thoughts began and never ended, so nothing after their beginning was said. */
  readonly thoughts: "none" | "closed" | "orphan" | "open";
}

/** A tag in quotes is a word that the answer is about, e.g. in a program that removes such tags. Three backticks begin a block of code. */
const tag = /(?<!["'`\w])<(\/?)(think|thinking|thought|reasoning)>(?!["']|`(?!``))/giu;

/**
 * Takes thoughts off: `<think>…</think>` wherever it stands, all that stands before a `</think>` that nothing opened (the
 * chat template had opened it), and all that follows a `<think>` that nothing closes.
 */
export function withoutThoughts(said: string): Spoken {
  let text = "";
  let thoughts: Spoken["thoughts"] = "none";
  let from = 0;
  let openedAt: number | null = null;
  for (const { 0: found, 1: slash, index } of said.matchAll(tag)) {
    if (slash === "") {
      openedAt ??= index;
      continue;
    }
    if (openedAt === null) {
      // Nothing of what stands before it was for the reader.
      text = "";
      thoughts = "orphan";
    } else {
      text += said.slice(from, openedAt);
      if (thoughts === "none") thoughts = "closed";
    }
    from = index + found.length;
    openedAt = null;
  }
  if (openedAt !== null) return { text: text + said.slice(from, openedAt), thoughts: "open" };
  return { text: text + said.slice(from), thoughts };
}
