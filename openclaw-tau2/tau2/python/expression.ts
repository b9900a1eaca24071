import { PythonError } from "./error.ts";
import { normalizeInt, PyFloat } from "./value.ts";
import type { PyValue } from "./value.ts";

/** A Python expression over numbers, `+ - * / // **`, parentheses and calls. */
export type Expression =
  | { readonly kind: "number"; readonly value: PyValue }
  | { readonly kind: "tuple" | "ellipsis" }
  | { readonly kind: "call"; readonly callee: Expression; readonly arguments: readonly Expression[] }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

interface Token {
  readonly kind: "number" | "operator" | "end";
  readonly text: string;
  /** How many parentheses are open after the token. */
  readonly depth: number;
}

const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)/y;
const OPERATOR = /\*\*|\/\/|\.\.\.|[-+*/().]/y;
const LEADING_ZEROS =
  "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";

/** Parses as Python's `eval` does. Throws SyntaxError with Python's text. */
export function parseExpression(source: string): Expression {
  const text = source.trimStart();
  if (text === "") throw syntaxError("invalid syntax", 0);
  const { tokens, error } = tokenize(text);
  // The tokenizer's own errors win over the parser's, wherever they are.
  if (error !== null) throw error;
  return new ExpressionParser(tokens).whole();
}

function syntaxError(message: string, line = 1): PythonError {
  return new PythonError("SyntaxError", `${message} (<string>, line ${line})`);
}

function tokenize(text: string): { tokens: Token[]; error: PythonError | null } {
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
    if (number !== null && /^0+[1-9]\d*$/.test(number) && !number.includes(".")) {
      return { tokens, error: syntaxError(LEADING_ZEROS) };
    }
    if (found === "(") depth++;
    if (found === ")" && --depth < 0) return { tokens, error: syntaxError("unmatched ')'") };
    tokens.push({ kind: number === null ? "operator" : "number", text: found, depth });
    at += found.length;
  }
  tokens.push({ kind: "end", text: "", depth });
  return { tokens, error: null };
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#sum();
    if (this.#token.kind !== "end") throw this.#error();
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", depth: 0 };
  }

  #take(...operators: readonly string[]): string | null {
    const { kind, text } = this.#token;
    if (kind !== "operator" || !operators.includes(text)) return null;
    this.#at++;
    return text;
  }

  #sum(): Expression {
    return this.#leftToRight(["+", "-"], () => this.#product());
  }

  #product(): Expression {
    return this.#leftToRight(["*", "/", "//"], () => this.#factor());
  }

  #leftToRight(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = this.#take(...operators);
      if (operator === null) return left;
      left = { kind: "binary", operator, left, right: operand() };
    }
  }

  #factor(): Expression {
    const operator = this.#take("+", "-");
    if (operator !== null) return { kind: "unary", operator, operand: this.#factor() };
    const base = this.#primary();
    if (this.#take("**") === null) return base;
    return { kind: "binary", operator: "**", left: base, right: this.#factor() };
  }

  #primary(): Expression {
    let primary = this.#atom();
    while (this.#take("(") !== null) {
      const args = this.#take(")") === null ? [this.#closed()] : [];
      primary = { kind: "call", callee: primary, arguments: args };
    }
    return primary;
  }

  #atom(): Expression {
    const { kind, text } = this.#token;
    if (kind === "number") {
      this.#at++;
      return { kind, value: numberOf(text) };
    }
    if (this.#take("...") !== null) return { kind: "ellipsis" };
    if (this.#take("(") === null) throw this.#error();
    return this.#take(")") === null ? this.#closed() : { kind: "tuple" };
  }

  /** The rest of a parenthesis with something in it. */
  #closed(): Expression {
    const inner = this.#sum();
    if (this.#take(")") === null) throw this.#error();
    return inner;
  }

  #error(): PythonError {
    const last = this.#tokens.at(-1);
    if (this.#token.kind === "end" && (last?.depth ?? 0) > 0) return syntaxError("'(' was never closed");
    return syntaxError("invalid syntax");
  }
}

function numberOf(text: string): PyValue {
  return text.includes(".") ? new PyFloat(Number(text)) : normalizeInt(BigInt(text));
}
