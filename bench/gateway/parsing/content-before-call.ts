import { heldBack, type OutputPiece } from "./output-piece.ts";

/**
 * The text outside of tool calls. White space next to a call belongs to the way calls are written, not to the content, so
 * it is held back until other text follows.
 */
export class ContentBeforeCall {
  readonly #marks: readonly string[];
  #held = "";
  #calls = 0;

  /** @param marks any of them begins a call */
  constructor(marks: readonly string[]) {
    this.#marks = marks;
  }

  /** @returns content, and behind the first mark the text that begins with it; null for no mark yet */
  feed(text: string): { readonly pieces: readonly OutputPiece[]; readonly call: string | null } {
    this.#held += text;
    const found = this.#marks.map((mark) => this.#held.indexOf(mark)).filter((at) => at !== -1);
    if (found.length > 0) {
      const at = Math.min(...found);
      const pieces = content(this.#held.slice(0, at).trimEnd());
      const call = this.#held.slice(at);
      this.#held = "";
      this.#calls += 1;
      return { pieces, call };
    }
    const ready = this.#held.slice(0, this.#held.length - heldBack(this.#held, this.#marks)).trimEnd();
    this.#held = this.#held.slice(ready.length);
    return { pieces: content(ready), call: null };
  }

  end(): readonly OutputPiece[] {
    const rest = this.#calls > 0 ? this.#held.trimEnd() : this.#held;
    this.#held = "";
    return content(rest);
  }
}

export function content(text: string): readonly OutputPiece[] {
  return text === "" ? [] : [{ kind: "content", text }];
}
