/** A part of what a model wrote, as a client sees it. */
export type OutputPiece =
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "content"; readonly text: string }
  /** A tool call begins; `index` counts from 0. */
  | { readonly kind: "call"; readonly index: number; readonly name: string }
  /** More of the argument text of the call with that index. */
  | { readonly kind: "arguments"; readonly index: number; readonly text: string };

/**
 * Reads a model's text as it is generated. However the text is cut into pieces, the same comes out: what could still
 * become a mark is held back until it is one or is not.
 */
export interface OutputParser {
  feed(text: string): readonly OutputPiece[];
  /** Nothing more comes; gives out what was held back. */
  end(): readonly OutputPiece[];
  /** Whether the answer is said to end with a call although none could be read. */
  readonly endsAsCall?: boolean;
}

/** Length of the longest end of `text` that one of the marks begins with, without being all of it. */
export function heldBack(text: string, marks: readonly string[]): number {
  let held = 0;
  for (const mark of marks) {
    for (let length = Math.min(mark.length - 1, text.length); length > held; length -= 1) {
      if (text.endsWith(mark.slice(0, length))) held = length;
    }
  }
  return held;
}
