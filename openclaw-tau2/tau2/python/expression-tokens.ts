import { pythonError } from "./error.ts";
import type { PythonError } from "./error.ts";

export interface Token {
  readonly kind: "number" | "operator" | "end";
  readonly text: string;
  /** How many parentheses are open after the token. */
  readonly depth: number;
}

const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)/y;
const OPERATOR = /\*\*|\/\/|\.\.\.|[-+*/().]/y;
const LEADING_ZEROS =
  "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
const MAX_OPEN_PARENTHESES = 200;

export function syntaxError(message: string, line = 1): PythonError {
  return pythonError("SyntaxError", `${message} (<string>, line ${line})`);
}

/**
 * The tokens of an expression over digits, `+-*\/()`, dots and spaces, with an end token. Throws the SyntaxErrors of
 * Python's tokenizer, which win over the parser's wherever they are.
 */
export function tokenizeExpression(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] === " ") {
      at++;
      continue;
    }
    const number = match(NUMBER, text, at);
    const found = number ?? match(OPERATOR, text, at) ?? "";
    if (number !== null && /^0+[1-9]\d*$/.test(number)) throw syntaxError(LEADING_ZEROS);
    if (found === "(" && ++depth > MAX_OPEN_PARENTHESES) throw syntaxError("too many nested parentheses");
    if (found === ")" && --depth < 0) throw syntaxError("unmatched ')'");
    tokens.push({ kind: number === null ? "operator" : "number", text: found, depth });
    at += found.length;
  }
  tokens.push({ kind: "end", text: "", depth });
  return tokens;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
