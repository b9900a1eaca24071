import { PythonSourceError, type PythonSource } from "./python-source.ts";
import { tokenizePython, type Token } from "./python-tokens.ts";

const OPENING = new Set(["(", "[", "{"]);
const CLOSING = new Set([")", "]", "}"]);

/** A position in the tokens of one file. */
export class TokenCursor {
  readonly source: PythonSource;
  readonly #tokens: readonly Token[];
  position = 0;

  constructor(source: PythonSource) {
    this.source = source;
    this.#tokens = tokenizePython(source);
  }

  /** The token at the position plus `offset`; the end token beyond the last one. */
  peek(offset = 0): Token {
    const last = this.#tokens.length - 1;
    const token = this.#tokens[Math.min(Math.max(this.position + offset, 0), last)];
    if (token === undefined) throw new PythonSourceError({ path: this.source.path, line: 1 }, "no tokens");
    return token;
  }

  /** Steps over an operator or keyword when it is next. A string literal never matches. */
  accept(text: string): boolean {
    const token = this.peek();
    if (token.text !== text || token.kind === "string") return false;
    this.position += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw new PythonSourceError(this.place(), `expected '${text}'`);
  }

  expectName(): string {
    const token = this.peek();
    if (token.kind !== "name") throw new PythonSourceError(this.place(), "expected a name");
    this.position += 1;
    return token.text;
  }

  /** Moves to the next token outside brackets that satisfies the condition, or to the bracket that closes around. */
  skipTo(isEnd: (token: Token) => boolean): void {
    let depth = 0;
    for (;;) {
      const token = this.peek();
      if (token.kind === "end") return;
      if (token.kind === "operator" && depth === 0 && CLOSING.has(token.text)) return;
      if (depth === 0 && token.kind !== "string" && isEnd(token)) return;
      if (token.kind === "operator" && OPENING.has(token.text)) depth += 1;
      if (token.kind === "operator" && CLOSING.has(token.text)) depth -= 1;
      this.position += 1;
    }
  }

  place(): { readonly path: string; readonly line: number } {
    return { path: this.source.path, line: this.peek().line };
  }

  textBetween(start: number, end: number): string {
    return this.source.text.slice(start, end);
  }
}
