import { PythonSourceError, type PythonSource } from "./python-source.ts";

export type TokenKind = "name" | "number" | "string" | "operator" | "newline" | "indent" | "dedent" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** First line of the token, from 1. */
  readonly line: number;
  /** Offsets into the source, end exclusive. */
  readonly start: number;
  readonly end: number;
}

const TAB_COLUMNS = 8;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:e[+-]?\d[\d_]*)?j?)/iy;
const OPERATOR =
  /\.\.\.|\*\*=|\/\/=|>>=|<<=|->|:=|==|!=|<=|>=|\*\*|\/\/|<<|>>|[-+*/%@&|^]=|[-+*/%@&|^~<>()[\]{},:;.=!]/y;
const STRING_START = /(?:[rbuft]|br|rb|fr|rf|tr|rt)?(?:'''|"""|'|")/iy;
const OPENING = new Set(["(", "[", "{"]);
const CLOSING = new Set([")", "]", "}"]);

/** Splits Python source into tokens; comments and blank lines vanish. Throws `PythonSourceError`. */
export function tokenizePython(source: PythonSource): readonly Token[] {
  return new Tokenizer(source).run();
}

class Tokenizer {
  readonly #source: PythonSource;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #columns: number[] = [0];
  #offset = 0;
  #line = 1;
  /** Lines of the brackets that are open. */
  readonly #brackets: number[] = [];

  constructor(source: PythonSource) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): readonly Token[] {
    this.#indentation();
    while (this.#offset < this.#text.length) this.#step();
    const unclosed = this.#brackets.at(-1);
    if (unclosed !== undefined) {
      throw new PythonSourceError({ path: this.#source.path, line: unclosed }, "a bracket is never closed");
    }
    if (this.#tokens.at(-1)?.kind !== "newline") this.#push("newline", this.#offset);
    while (this.#columns.length > 1) this.#dedent();
    this.#push("end", this.#offset);
    return this.#tokens;
  }

  #step(): void {
    const character = this.#text.charAt(this.#offset);
    if (character === "\n") this.#lineEnd();
    else if (character === "#") this.#skipComment();
    else if (character === "\\" && this.#text.charAt(this.#offset + 1) === "\n") this.#continueLine();
    else if (/[ \t\f]/u.test(character)) this.#offset += 1;
    else this.#token(character);
  }

  #token(character: string): void {
    const start = this.#offset;
    const opening = this.#match(STRING_START);
    if (opening !== null) {
      const line = this.#line;
      this.#skipString(opening);
      this.#push("string", start, line);
    } else if (/\d/u.test(character) || (character === "." && /\d/u.test(this.#text.charAt(start + 1)))) {
      this.#take("number", NUMBER);
    } else if (this.#match(NAME) !== null) {
      this.#take("name", NAME);
    } else {
      this.#take("operator", OPERATOR);
      if (OPENING.has(character)) this.#brackets.push(this.#line);
      if (CLOSING.has(character) && this.#brackets.pop() === undefined) {
        throw this.#error(`'${character}' closes nothing`);
      }
    }
  }

  #lineEnd(): void {
    const start = this.#offset;
    this.#offset += 1;
    if (this.#brackets.length > 0) {
      this.#line += 1;
      return;
    }
    const last = this.#tokens.at(-1)?.kind;
    if (last !== undefined && last !== "newline" && last !== "dedent") this.#push("newline", start);
    this.#line += 1;
    this.#indentation();
  }

  /** At the start of a logical line: compares its column with the block's and emits indent or dedents. */
  #indentation(): void {
    const width = /[ \t\f]*/uy;
    width.lastIndex = this.#offset;
    const blanks = width.exec(this.#text)?.[0] ?? "";
    const next = this.#text.charAt(this.#offset + blanks.length);
    this.#offset += blanks.length;
    if (next === "\n" || next === "#" || next === "" || next === "\\") return;
    const column = columnOf(blanks);
    const current = this.#columns.at(-1) ?? 0;
    if (column > current) {
      this.#columns.push(column);
      this.#push("indent", this.#offset);
    }
    while (column < (this.#columns.at(-1) ?? 0)) this.#dedent();
    if (column !== this.#columns.at(-1)) throw this.#error("the indentation matches no outer block");
  }

  #dedent(): void {
    this.#columns.pop();
    this.#push("dedent", this.#offset);
  }

  #continueLine(): void {
    this.#offset += 2;
    this.#line += 1;
  }

  #skipComment(): void {
    const end = this.#text.indexOf("\n", this.#offset);
    this.#offset = end === -1 ? this.#text.length : end;
  }

  #skipString(opening: string): void {
    const quote = opening.endsWith('"""') || opening.endsWith("'''") ? opening.slice(-3) : opening.slice(-1);
    const formatted = /[ft]/iu.test(opening.slice(0, -quote.length));
    this.#offset += opening.length;
    while (!this.#text.startsWith(quote, this.#offset)) {
      const character = this.#text.charAt(this.#offset);
      if (character === "" || (character === "\n" && quote.length === 1)) {
        throw this.#error("a string is never closed");
      }
      if (formatted && character === "{" && this.#text.charAt(this.#offset + 1) !== "{") {
        this.#offset += 1;
        this.#skipReplacementField();
      } else if (formatted && character === "{") this.#offset += 2;
      else this.#advance(character === "\\" ? 2 : 1);
    }
    this.#offset += quote.length;
  }

  /** The inside of `{…}` in a formatted string, where since 3.12 the same quotes may occur again. */
  #skipReplacementField(): void {
    let depth = 0;
    let inSpecification = false;
    for (;;) {
      const character = this.#text.charAt(this.#offset);
      if (character === "") throw this.#error("a replacement field is never closed");
      const opening = inSpecification ? null : this.#match(STRING_START);
      if (opening !== null) {
        this.#skipString(opening);
        continue;
      }
      this.#advance(1);
      if (character === "}" && depth === 0) return;
      if (inSpecification && character === "{") this.#skipReplacementField();
      else if (OPENING.has(character)) depth += 1;
      else if (CLOSING.has(character)) depth -= 1;
      else if (character === ":" && depth === 0) inSpecification = true;
    }
  }

  #advance(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#text.charAt(this.#offset) === "\n") this.#line += 1;
      this.#offset += 1;
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  #take(kind: TokenKind, pattern: RegExp): void {
    const text = this.#match(pattern);
    if (text === null) throw this.#error(`'${this.#text.charAt(this.#offset)}' is not Python`);
    const start = this.#offset;
    this.#offset += text.length;
    this.#push(kind, start);
  }

  #push(kind: TokenKind, start: number, line = this.#line): void {
    const end = Math.max(this.#offset, start);
    this.#tokens.push({ kind, text: this.#text.slice(start, end), line, start, end });
  }

  #error(problem: string): PythonSourceError {
    return new PythonSourceError({ path: this.#source.path, line: this.#line }, problem);
  }
}

function columnOf(blanks: string): number {
  let column = 0;
  for (const blank of blanks) {
    if (blank === "\f") column = 0;
    else column = blank === "\t" ? (Math.floor(column / TAB_COLUMNS) + 1) * TAB_COLUMNS : column + 1;
  }
  return column;
}
