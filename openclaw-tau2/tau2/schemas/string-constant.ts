import { existsSync, readFileSync } from "node:fs";
import { ConfigError } from "../../../bench/errors.ts";
import { expressionOf, type SourceExpression } from "./python-expression.ts";
import { PythonSourceError } from "./python-source.ts";
import { PythonFile, type SyntaxNode } from "./python-syntax.ts";

/**
 * The text that a Python file assigns to `name`, anywhere in it, with a trailing `.strip()` applied. Prompts are read
 * so instead of being copied. Throws `ConfigError` for a missing file or name, `PythonSourceError` for another form.
 */
export function readStringConstant(path: string, name: string): string {
  if (!existsSync(path))
    throw new ConfigError(`${path} does not exist. Point to a tau2-bench checkout that has it.`);
  const file = new PythonFile({ path, text: readFileSync(path, "utf8").replaceAll("\r\n", "\n") });
  const assigned = assignedTo(file, name);
  if (assigned === null)
    throw new ConfigError(
      `${path} assigns no text to ${name}. Use a tau2-bench version that this release supports.`,
    );
  const text = plainText(expressionOf(file, assigned));
  if (text === null) throw new PythonSourceError(file.place(assigned), `${name} is no plain text`);
  return text;
}

/** The value of the first `name = value`. */
function assignedTo(file: PythonFile, name: string): SyntaxNode | null {
  let found: SyntaxNode | null = null;
  file.root.cursor().iterate(({ node }) => {
    if (found !== null || node.name !== "AssignStatement") return;
    const [target, operator] = [node.firstChild, node.firstChild?.nextSibling];
    if (target !== null && operator?.name === "AssignOp" && file.textOf(target) === name)
      found = node.lastChild;
  });
  return found;
}

function plainText(expression: SourceExpression): string | null {
  if (expression.kind === "string") return expression.value;
  if (expression.kind !== "call" || expression.callee.kind !== "attribute") return null;
  const { object, name } = expression.callee;
  const stripped = name === "strip" && expression.positional.length + expression.keywords.length === 0;
  return stripped && object.kind === "string" ? object.value.trim() : null;
}
