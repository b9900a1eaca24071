import { PythonSourceError } from "./python-source.ts";
import { stringValue } from "./python-string.ts";
import type { Token } from "./python-tokens.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** The expressions that annotations, defaults and `Field(...)` are made of; everything else is `opaque`. */
export type Expression =
  | { readonly kind: "name"; readonly name: string; readonly line: number }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string; readonly line: number }
  | {
      readonly kind: "subscript";
      readonly object: Expression;
      readonly items: readonly Expression[];
      readonly line: number;
    }
  | {
      readonly kind: "call";
      readonly callee: Expression;
      readonly positional: readonly Expression[];
      readonly keywords: readonly Keyword[];
      readonly line: number;
    }
  | { readonly kind: "union"; readonly left: Expression; readonly right: Expression; readonly line: number }
  | { readonly kind: "string"; readonly value: string; readonly line: number }
  | { readonly kind: "number"; readonly text: string; readonly line: number }
  | { readonly kind: "constant"; readonly value: boolean | null | "..."; readonly line: number }
  | {
      readonly kind: "sequence";
      readonly form: "list" | "tuple";
      readonly items: readonly Expression[];
      readonly line: number;
    }
  | { readonly kind: "opaque"; readonly text: string; readonly line: number };

export interface Keyword {
  readonly name: string;
  readonly value: Expression;
}

const CONSTANTS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };
const KEYWORDS = new Set(["lambda", "not", "await", "yield", "if", "else", "for", "in", "is", "and", "or"]);
const TERMINATORS = new Set([",", ")", "]", "}", "=", ":", ";"]);

/**
 * Reads one expression. What this grammar does not cover (lambdas, arithmetic, dict displays) becomes `opaque` up to
 * the end of the argument or line, so that only those who need its value have to refuse it.
 */
export function parseExpression(cursor: TokenCursor): Expression {
  const start = cursor.position;
  const expression = parseUnion(cursor);
  if (expression !== null && endsHere(cursor.peek())) return expression;
  cursor.position = start;
  return parseOpaque(cursor);
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly keywords: readonly Keyword[];
}

/** Arguments up to and including the closing bracket. Throws `PythonSourceError`. */
export function parseArguments(cursor: TokenCursor, closing: ")" | "]"): Arguments {
  const parsed = tryArguments(cursor, closing);
  if (parsed === null) throw new PythonSourceError(cursor.place(), `expected ',' or '${closing}'`);
  return parsed;
}

function tryArguments(cursor: TokenCursor, closing: ")" | "]"): Arguments | null {
  const positional: Expression[] = [];
  const keywords: Keyword[] = [];
  while (!cursor.accept(closing)) {
    const name = cursor.peek();
    if (name.kind === "name" && cursor.peek(1).text === "=" && cursor.peek(1).kind === "operator") {
      cursor.position += 2;
      keywords.push({ name: name.text, value: parseExpression(cursor) });
    } else positional.push(parseExpression(cursor));
    if (!cursor.accept(",") && cursor.peek().text !== closing) return null;
  }
  return { positional, keywords };
}

function endsHere(token: Token): boolean {
  return token.kind === "newline" || token.kind === "end" || TERMINATORS.has(token.text);
}

function parseUnion(cursor: TokenCursor): Expression | null {
  let left = parsePostfix(cursor);
  while (left !== null && cursor.peek().kind === "operator" && cursor.accept("|")) {
    const right = parsePostfix(cursor);
    left = right === null ? null : { kind: "union", left, right, line: left.line };
  }
  return left;
}

function parsePostfix(cursor: TokenCursor): Expression | null {
  let expression = parseAtom(cursor);
  while (expression !== null && cursor.peek().kind === "operator") {
    const { line } = expression;
    if (cursor.accept(".")) {
      expression = { kind: "attribute", object: expression, name: cursor.expectName(), line };
    } else if (cursor.accept("(")) {
      const parsed = tryArguments(cursor, ")");
      expression = parsed === null ? null : { kind: "call", callee: expression, ...parsed, line };
    } else if (cursor.accept("[")) {
      const items = tryArguments(cursor, "]")?.positional;
      expression = items === undefined ? null : { kind: "subscript", object: expression, items, line };
    } else break;
  }
  return expression;
}

function parseAtom(cursor: TokenCursor): Expression | null {
  const token = cursor.peek();
  const { line } = token;
  switch (token.kind) {
    case "string":
      return parseStrings(cursor);
    case "number":
      cursor.position += 1;
      return { kind: "number", text: token.text, line };
    case "name":
      if (KEYWORDS.has(token.text)) return null;
      cursor.position += 1;
      return Object.hasOwn(CONSTANTS, token.text)
        ? { kind: "constant", value: CONSTANTS[token.text] ?? null, line }
        : { kind: "name", name: token.text, line };
    case "operator":
      return parseOperatorAtom(cursor);
    case "newline":
    case "indent":
    case "dedent":
    case "end":
      break;
  }
  return null;
}

function parseOperatorAtom(cursor: TokenCursor): Expression | null {
  const { line } = cursor.peek();
  if (cursor.accept("...")) return { kind: "constant", value: "...", line };
  if (cursor.peek().text === "-" && cursor.peek(1).kind === "number") {
    cursor.position += 2;
    return { kind: "number", text: `-${cursor.peek(-1).text}`, line };
  }
  if (cursor.accept("[")) {
    const items = parseItems(cursor, "]");
    return items === null ? null : { kind: "sequence", form: "list", items: items.items, line };
  }
  if (cursor.accept("(")) {
    const items = parseItems(cursor, ")");
    if (items === null) return null;
    const [only] = items.items;
    if (only !== undefined && items.items.length === 1 && !items.trailingComma) return only;
    return { kind: "sequence", form: "tuple", items: items.items, line };
  }
  return null;
}

function parseItems(
  cursor: TokenCursor,
  closing: ")" | "]",
): { readonly items: readonly Expression[]; readonly trailingComma: boolean } | null {
  const items: Expression[] = [];
  let trailingComma = false;
  while (!cursor.accept(closing)) {
    const item = parseExpression(cursor);
    items.push(item);
    trailingComma = cursor.accept(",");
    if (!trailingComma && cursor.peek().text !== closing) return null;
  }
  return { items, trailingComma };
}

function parseStrings(cursor: TokenCursor): Expression {
  const { line, start } = cursor.peek();
  let value: string | null = "";
  while (cursor.peek().kind === "string") {
    const part = stringValue(cursor.peek().text);
    value = value === null || part === null ? null : value + part;
    cursor.position += 1;
  }
  if (value !== null) return { kind: "string", value, line };
  return { kind: "opaque", text: cursor.textBetween(start, cursor.peek(-1).end), line };
}

function parseOpaque(cursor: TokenCursor): Expression {
  const { line, start } = cursor.peek();
  if (cursor.peek().text === "lambda") cursor.skipTo((token) => token.text === ":");
  if (cursor.peek().text === ":") cursor.position += 1;
  cursor.skipTo((token) => token.kind === "newline" || token.text === "," || token.text === ";");
  return { kind: "opaque", text: cursor.textBetween(start, cursor.peek(-1).end), line };
}
