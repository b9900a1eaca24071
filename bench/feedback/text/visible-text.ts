import { stripped } from "./python-text.ts";

/** An answer without what the model thought. */
export interface VisibleText {
  readonly text: string;
  /** It began to think and never stopped: what stands there is no answer. */
  readonly cutInThoughts: boolean;
}

const opening = "<think>";
const closing = "</think>";

/**
 * Takes `<think>…</think>` off, and all that stands before a `</think>` that nothing opens, because the template of the prompt
 * had opened it. What follows a `<think>` that nothing closes is taken off, too: an answer that was cut there was never given.
 * Walks through the text once, because a text may hold any number of tags.
 */
export function visibleText(said: string): VisibleText {
  let kept = "";
  let from = 0;
  for (;;) {
    const opened = said.indexOf(opening, from);
    const closed = opened === -1 ? -1 : said.indexOf(closing, opened + opening.length);
    if (closed === -1) break;
    kept += said.slice(from, opened);
    from = closed + closing.length;
  }
  kept += said.slice(from);
  const orphan = kept.indexOf(closing);
  if (orphan !== -1) kept = kept.slice(orphan + closing.length);
  const open = kept.indexOf(opening);
  return { text: stripped(open === -1 ? kept : kept.slice(0, open)), cutInThoughts: open !== -1 };
}
