import { stringValue } from "./python-string.ts";
import { childrenOf, partsOf, type PythonFile, type SyntaxNode } from "./python-syntax.ts";

/** The expressions that annotations, defaults and `Field(...)` are made of; everything else is `opaque`. */
export type SourceExpression =
  | { readonly kind: "name"; readonly name: string; readonly line: number }
  | {
      readonly kind: "attribute";
      readonly object: SourceExpression;
      readonly name: string;
      readonly line: number;
    }
  | {
      readonly kind: "subscript";
      readonly object: SourceExpression;
      readonly items: readonly SourceExpression[];
      readonly line: number;
    }
  | {
      readonly kind: "call";
      readonly callee: SourceExpression;
      readonly positional: readonly SourceExpression[];
      readonly keywords: readonly Keyword[];
      readonly line: number;
    }
  | {
      readonly kind: "union";
      readonly left: SourceExpression;
      readonly right: SourceExpression;
      readonly line: number;
    }
  | { readonly kind: "string"; readonly value: string; readonly line: number }
  | { readonly kind: "number"; readonly text: string; readonly line: number }
  | { readonly kind: "constant"; readonly value: boolean | null | "..."; readonly line: number }
  | {
      readonly kind: "sequence";
      readonly form: "list" | "tuple";
      readonly items: readonly SourceExpression[];
      readonly line: number;
    }
  | { readonly kind: "opaque"; readonly text: string; readonly line: number };

export interface Keyword {
  readonly name: string;
  readonly value: SourceExpression;
}

export interface Arguments {
  readonly positional: readonly SourceExpression[];
  readonly keywords: readonly Keyword[];
}

/**
 * Reads one expression. What this reader has no use for (lambdas, arithmetic, dict displays) becomes `opaque`, so that
 * only those who need its value have to refuse it.
 */
export function expressionOf(file: PythonFile, node: SyntaxNode): SourceExpression {
  const line = file.lineOf(node);
  const text = file.textOf(node);
  const children = childrenOf(node);
  const [first, second, third] = children;
  switch (node.name) {
    case "VariableName":
      return { kind: "name", name: text, line };
    case "Boolean":
      return { kind: "constant", value: text === "True", line };
    case "None":
      return { kind: "constant", value: null, line };
    case "Ellipsis":
      return { kind: "constant", value: "...", line };
    case "Number":
      return { kind: "number", text, line };
    case "UnaryExpression":
      if (text.startsWith("-") && second?.name === "Number") return { kind: "number", text, line };
      break;
    case "String":
    case "ContinuedString":
      return stringOf(file, node);
    case "ParenthesizedExpression":
      if (second !== undefined && children.length === 3) return expressionOf(file, second);
      break;
    case "ArrayExpression":
    case "TupleExpression": {
      const items = partsOf(children).map((part) => partOf(file, part));
      return { kind: "sequence", form: node.name === "ArrayExpression" ? "list" : "tuple", items, line };
    }
    case "BinaryExpression":
      if (first === undefined || third === undefined || second?.name !== "BitOp") break;
      if (file.textOf(second) !== "|") break;
      return { kind: "union", left: expressionOf(file, first), right: expressionOf(file, third), line };
    case "MemberExpression":
      if (first === undefined || third === undefined) break;
      if (second?.name === ".")
        return { kind: "attribute", object: expressionOf(file, first), name: file.textOf(third), line };
      return {
        kind: "subscript",
        object: expressionOf(file, first),
        items: partsOf(children.slice(1)).map((part) => partOf(file, part)),
        line,
      };
    case "CallExpression":
      if (first === undefined || second === undefined) break;
      return { kind: "call", callee: expressionOf(file, first), ...argumentsOf(file, second), line };
  }
  return { kind: "opaque", text, line };
}

export function argumentsOf(file: PythonFile, list: SyntaxNode): Arguments {
  const positional: SourceExpression[] = [];
  const keywords: Keyword[] = [];
  for (const part of partsOf(childrenOf(list))) {
    const [name, operator, ...value] = part;
    if (name !== undefined && operator?.name === "AssignOp")
      keywords.push({ name: file.textOf(name), value: partOf(file, value) });
    else positional.push(partOf(file, part));
  }
  return { positional, keywords };
}

/** What one or several nodes say together; several (`*rest`, `x for x in y`, `1:2`) are no expression of this reader. */
export function partOf(file: PythonFile, part: readonly SyntaxNode[]): SourceExpression {
  const [first, ...rest] = part;
  if (first === undefined) return { kind: "opaque", text: "", line: 1 };
  if (rest.length === 0) return expressionOf(file, first);
  const text = file.textOf({ from: first.from, to: part.at(-1)?.to ?? first.to });
  return { kind: "opaque", text, line: file.lineOf(first) };
}

function stringOf(file: PythonFile, node: SyntaxNode): SourceExpression {
  const line = file.lineOf(node);
  const literals = node.name === "String" ? [node] : childrenOf(node);
  const values = literals.map((literal) => stringValue(file.textOf(literal)));
  return values.includes(null)
    ? { kind: "opaque", text: file.textOf(node), line }
    : { kind: "string", value: values.join(""), line };
}
