import { exactNumber, type Json } from "./json.ts";
import type { SourceExpression } from "./python-expression.ts";
import type { PythonModule } from "./python-module.ts";
import { PythonSourceError } from "./python-source.ts";
import { describe, type SourceTree } from "./source-tree.ts";

/** The JSON value of a default or an enum member. Throws `PythonSourceError` for what is not a constant. */
export function literalValue(tree: SourceTree, module: PythonModule, expression: SourceExpression): Json {
  switch (expression.kind) {
    case "string":
      return expression.value;
    case "number":
      return numberValue(module, expression);
    case "constant":
      if (expression.value !== "...") return expression.value;
      break;
    case "sequence":
      return expression.items.map((item) => literalValue(tree, module, item));
    case "attribute": {
      const owner = tree.resolve(module, expression.object);
      const member = owner.kind === "class" ? owner.definition.assignments.get(expression.name) : undefined;
      if (owner.kind === "class" && member !== undefined) return literalValue(tree, owner.module, member);
      break;
    }
    case "name": {
      const definition = tree.resolve(module, expression);
      if (definition.kind === "alias") return literalValue(tree, definition.module, definition.expression);
      break;
    }
    case "subscript":
    case "call":
    case "union":
    case "opaque":
      break;
  }
  const place = { path: module.source.path, line: expression.line };
  throw new PythonSourceError(place, `${describe(expression)} is no constant that a schema can hold`);
}

function numberValue(module: PythonModule, expression: Extract<SourceExpression, { kind: "number" }>): Json {
  const text = expression.text.replaceAll("_", "");
  const sign = text.startsWith("-") ? "-" : "";
  const digits = text.slice(sign.length);
  if (/^\d+$/u.test(digits)) return exactNumber(sign + BigInt(digits).toString());
  const float = Number(digits);
  if (/^[\d.]+$/u.test(digits) && Number.isFinite(float)) {
    return exactNumber(sign + (Number.isInteger(float) ? float.toFixed(1) : String(float)));
  }
  const place = { path: module.source.path, line: expression.line };
  throw new PythonSourceError(place, `number ${expression.text} has a form that this reader does not print`);
}
