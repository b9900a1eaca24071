import { heldBack, type OutputParser, type OutputPiece } from "./output-piece.ts";

const opening = "<think>";
const closing = "</think>";

/**
 * Qwen3's reasoning: `<think>…</think>` before the answer, at the very beginning only. White space around reasoning is not
 * part of it. What is not reasoning goes to the next parser.
 */
export class Qwen3ReasoningParser implements OutputParser {
  readonly #next: OutputParser;
  #state: "before" | "inside" | "behind" | "answer";
  #held = "";
  #reasoned = false;

  /** @param opened the prompt ended with `<think>`, so the model begins inside */
  constructor(next: OutputParser, { opened }: { readonly opened: boolean }) {
    this.#next = next;
    this.#state = opened ? "inside" : "before";
  }

  get endsAsCall(): boolean {
    return this.#next.endsAsCall ?? false;
  }

  feed(text: string): readonly OutputPiece[] {
    this.#held += text;
    if (this.#state === "before") this.#begin();
    const pieces = this.#state === "inside" ? this.#reason() : [];
    return [...pieces, ...this.#answer()];
  }

  end(): readonly OutputPiece[] {
    const rest = this.#held;
    this.#held = "";
    if (this.#state === "inside") return [...this.#reasoning(rest.trimEnd()), ...this.#next.end()];
    return [...(rest === "" || this.#state === "behind" ? [] : this.#next.feed(rest)), ...this.#next.end()];
  }

  #begin(): void {
    const text = this.#held.trimStart();
    if (text.startsWith(opening)) {
      this.#state = "inside";
      this.#held = text.slice(opening.length);
    } else if (!opening.startsWith(text)) this.#state = "answer";
  }

  #reason(): readonly OutputPiece[] {
    const at = this.#held.indexOf(closing);
    if (at !== -1) {
      const text = this.#held.slice(0, at).trimEnd();
      this.#held = this.#held.slice(at + closing.length);
      this.#state = "behind";
      return this.#reasoning(text);
    }
    const ready = this.#held.slice(0, this.#held.length - heldBack(this.#held, [closing])).trimEnd();
    this.#held = this.#held.slice(ready.length);
    return this.#reasoning(ready);
  }

  #answer(): readonly OutputPiece[] {
    if (this.#state === "behind") {
      this.#held = this.#held.trimStart();
      if (this.#held !== "") this.#state = "answer";
    }
    if (this.#state !== "answer" || this.#held === "") return [];
    const text = this.#held;
    this.#held = "";
    return this.#next.feed(text);
  }

  #reasoning(raw: string): readonly OutputPiece[] {
    const text = this.#reasoned ? raw : raw.trimStart();
    if (text === "") return [];
    this.#reasoned = true;
    return [{ kind: "reasoning", text }];
  }
}
