import { syntaxError, tokenizeExpression } from "./expression-tokens.ts";
import type { Token } from "./expression-tokens.ts";
import { normalizeInt, PyFloat } from "./value.ts";
import type { PyInt } from "./value.ts";

/** A Python expression over numbers, `+ - * / // **`, parentheses and calls. */
export type Expression =
  | { readonly kind: "number"; readonly value: PyInt | PyFloat }
  | { readonly kind: "tuple" | "ellipsis" }
  | { readonly kind: "call"; readonly callee: Expression; readonly argument: Argument | null }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/** There is no comma in the alphabet, so a call has one argument at most. */
export interface Argument {
  readonly spread: "*" | "**" | null;
  readonly value: Expression;
}

/** Parses as Python's `eval` does. Throws SyntaxError with Python's text. */
export function parseExpression(source: string): Expression {
  const text = source.trimStart();
  if (text === "") throw syntaxError("invalid syntax", 0);
  const tokens = tokenizeExpression(text);
  // CPython parses twice: only when the first pass fails do rules that explain errors take part.
  const parsed = new Parser(tokens, false).whole() ?? new Parser(tokens, true).whole();
  if (parsed === null) throw syntaxError("invalid syntax");
  return parsed;
}

interface Parsed {
  readonly expression: Expression;
  /** Index of the token behind it. */
  readonly end: number;
}

const END: Token = { kind: "end", text: "", depth: 0 };

/**
 * One pass of CPython's parser. Methods give null where a rule does not match. Looking at the end of the text while a
 * parenthesis is open is an error by itself, which is why look-ahead happens exactly where CPython's does.
 */
class Parser {
  readonly #tokens: readonly Token[];
  #explains: boolean;
  readonly #sums = new Map<number, Parsed | null>();

  constructor(tokens: readonly Token[], explains: boolean) {
    this.#tokens = tokens;
    this.#explains = explains;
  }

  whole(): Expression | null {
    const parsed = this.#expression(0);
    return parsed !== null && this.#token(parsed.end).kind === "end" ? parsed.expression : null;
  }

  #token(at: number): Token {
    const token = this.#tokens[at] ?? END;
    if (token.kind === "end" && token.depth > 0) throw syntaxError("'(' was never closed");
    return token;
  }

  #is(at: number, ...operators: readonly string[]): boolean {
    const token = this.#token(at);
    return token.kind === "operator" && operators.includes(token.text);
  }

  #expression(at: number): Parsed | null {
    if (this.#explains) this.#explainMissingComma(at);
    return this.#sum(at);
  }

  /** Two expressions side by side inside parentheses. */
  #explainMissingComma(at: number): void {
    const first = this.#sum(at);
    if (first === null) return;
    const second = this.#withoutExplaining(() => this.#sum(first.end));
    if (second !== null && (this.#tokens[second.end - 1]?.depth ?? 0) > 0) {
      throw syntaxError("invalid syntax. Perhaps you forgot a comma?");
    }
  }

  #withoutExplaining<Value>(parse: () => Value): Value {
    this.#explains = false;
    try {
      return parse();
    } finally {
      this.#explains = true;
    }
  }

  #sum(at: number): Parsed | null {
    const known = this.#sums.get(at);
    if (known !== undefined) return known;
    const parsed = this.#leftToRight(at, ["+", "-"], (start) => this.#product(start));
    if (this.#explains || parsed !== null) this.#sums.set(at, parsed);
    return parsed;
  }

  #product(at: number): Parsed | null {
    return this.#leftToRight(at, ["*", "/", "//"], (start) => this.#factor(start));
  }

  #leftToRight(
    at: number,
    operators: readonly string[],
    operand: (at: number) => Parsed | null,
  ): Parsed | null {
    let left = operand(at);
    while (left !== null && this.#is(left.end, ...operators)) {
      const right = operand(left.end + 1);
      if (right === null) return left;
      const operator = this.#token(left.end).text;
      left = {
        expression: { kind: "binary", operator, left: left.expression, right: right.expression },
        end: right.end,
      };
    }
    return left;
  }

  #factor(at: number): Parsed | null {
    if (this.#is(at, "+", "-")) {
      const operand = this.#factor(at + 1);
      if (operand === null) return null;
      const operator = this.#token(at).text;
      return { expression: { kind: "unary", operator, operand: operand.expression }, end: operand.end };
    }
    const base = this.#primary(at);
    if (base === null || !this.#is(base.end, "**")) return base;
    const exponent = this.#factor(base.end + 1);
    if (exponent === null) return base;
    const [left, right] = [base.expression, exponent.expression];
    return { expression: { kind: "binary", operator: "**", left, right }, end: exponent.end };
  }

  #primary(at: number): Parsed | null {
    let primary = this.#atom(at);
    // A dot would be an attribute: CPython looks at the name behind it, which can be the open end of the text.
    if (primary !== null && this.#is(primary.end, ".")) this.#token(primary.end + 1);
    while (primary !== null && this.#is(primary.end, "(")) {
      const call = this.#call(primary);
      if (call === null) break;
      primary = call;
    }
    return primary;
  }

  #call(callee: Parsed): Parsed | null {
    const open = callee.end;
    if (this.#is(open + 1, ")")) return callOf(callee, null, open + 2);
    const star = this.#is(open + 1, "*", "**") ? this.#token(open + 1).text : null;
    const argument = this.#expression(star === null ? open + 1 : open + 2);
    if (argument === null || !this.#is(argument.end, ")")) return null;
    const spread = star === "*" || star === "**" ? star : null;
    return callOf(callee, { spread, value: argument.expression }, argument.end + 1);
  }

  #atom(at: number): Parsed | null {
    const { kind, text } = this.#token(at);
    if (kind === "number") return { expression: { kind, value: numberOf(text) }, end: at + 1 };
    if (this.#is(at, "...")) return { expression: { kind: "ellipsis" }, end: at + 1 };
    if (!this.#is(at, "(")) return null;
    if (this.#is(at + 1, ")")) return { expression: { kind: "tuple" }, end: at + 2 };
    // A tuple may begin with a star, which CPython tries first.
    if (this.#is(at + 1, "*")) this.#sum(at + 2);
    const inner = this.#expression(at + 1);
    if (inner !== null && this.#is(inner.end, ")")) return { ...inner, end: inner.end + 1 };
    if (this.#explains) this.#explainStar(at + 1);
    return null;
  }

  #explainStar(at: number): void {
    if (!this.#is(at, "*", "**")) return;
    const starred = this.#expression(at + 1);
    if (starred === null || !this.#is(starred.end, ")")) return;
    const name = this.#is(at, "*") ? "starred" : "double starred";
    throw syntaxError(`cannot use ${name} expression here`);
  }
}

function callOf(callee: Parsed, argument: Argument | null, end: number): Parsed {
  return { expression: { kind: "call", callee: callee.expression, argument }, end };
}

function numberOf(text: string): PyInt | PyFloat {
  return text.includes(".") ? new PyFloat(Number(text)) : normalizeInt(BigInt(text));
}
