import { content, ContentBeforeCall } from "./content-before-call.ts";
import { JsonCall } from "./json-call.ts";
import type { OutputParser, OutputPiece } from "./output-piece.ts";

const opening = "<tool_call>";

/**
 * Tool calls of Qwen 2.5, Qwen 3 and Hermes: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. The argument text is
 * passed on as the model writes it. What stands between the tags and is no call is content.
 */
export class Qwen25ToolParser implements OutputParser {
  readonly #outside = new ContentBeforeCall([opening]);
  #call: JsonCall | null = null;
  #calls = 0;

  feed(text: string): readonly OutputPiece[] {
    const pieces: OutputPiece[] = [];
    let rest: string | null = text;
    while (rest !== null) {
      if (this.#call === null) {
        const outside: ReturnType<ContentBeforeCall["feed"]> = this.#outside.feed(rest);
        pieces.push(...outside.pieces);
        rest = outside.call?.slice(opening.length) ?? null;
        if (rest !== null) this.#call = new JsonCall(this.#calls);
      } else rest = this.#inside(this.#call, rest, pieces);
    }
    return pieces;
  }

  /** @returns the text behind the call; null while it goes on */
  #inside(call: JsonCall, text: string, pieces: OutputPiece[]): string | null {
    const { pieces: read, rest } = call.feed(text);
    pieces.push(...read);
    if (rest === null) return null;
    this.#close(call, pieces);
    return rest;
  }

  #close(call: JsonCall, pieces: OutputPiece[]): void {
    if (call.isNamed) this.#calls += 1;
    else pieces.push(...content(`${opening}${call.raw}`));
    this.#call = null;
  }

  end(): readonly OutputPiece[] {
    const pieces: OutputPiece[] = [];
    const call = this.#call;
    if (call !== null) this.#close(call, pieces);
    return [...pieces, ...this.#outside.end()];
  }
}
