import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { SourceExpression } from "./python-expression.ts";
import { parseModule, type PythonClass, type PythonModule } from "./python-module.ts";
import { PythonSourceError } from "./python-source.ts";

/** What a name stands for. External names are dotted (`typing.List`, `builtins.str`). */
export type Definition =
  | ClassDefinition
  | { readonly kind: "alias"; readonly module: PythonModule; readonly expression: SourceExpression }
  | { readonly kind: "external"; readonly name: string };

export interface ClassDefinition {
  readonly kind: "class";
  readonly module: PythonModule;
  readonly definition: PythonClass;
}

const BUILTINS = new Set(
  "str int float bool list dict tuple set frozenset bytes object type Exception".split(" "),
);

/** The Python modules below one source folder, parsed when first asked for. */
export class SourceTree {
  readonly #directory: string;
  readonly #modules = new Map<string, PythonModule | null>();

  /** `directory` holds the top packages, e.g. `<checkout>/src`. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The module of this dotted name; null when it is not below the folder. Throws `PythonSourceError`. */
  module(name: string): PythonModule | null {
    const known = this.#modules.get(name);
    if (known !== undefined) return known;
    const base = join(this.#directory, ...name.split("."));
    const file = [`${base}.py`, join(base, "__init__.py")].find(isFile);
    const module = file === undefined ? null : this.#parse(name, file);
    this.#modules.set(name, module);
    return module;
  }

  /** What a name or attribute in a module means. Throws `PythonSourceError` at the expression's line. */
  resolve(module: PythonModule, expression: SourceExpression): Definition {
    const found = this.#tryResolve(module, expression);
    if (found !== null) return found;
    const text = describe(expression);
    throw new PythonSourceError(
      { path: module.source.path, line: expression.line },
      `cannot resolve ${text}`,
    );
  }

  /** The class and its bases of this checkout, most derived first; `external` are the dotted names of the rest. */
  ancestry(start: ClassDefinition): {
    readonly classes: readonly ClassDefinition[];
    readonly external: readonly string[];
  } {
    const classes: ClassDefinition[] = [];
    const external: string[] = [];
    const visit = (current: ClassDefinition): void => {
      if (classes.some((known) => known.definition === current.definition)) {
        const place = { path: current.module.source.path, line: current.definition.line };
        throw new PythonSourceError(place, `${current.definition.name} is inherited more than once`);
      }
      classes.push(current);
      for (const expression of current.definition.bases) {
        const base = this.resolve(current.module, unsubscripted(expression));
        if (base.kind === "class") visit(base);
        else if (base.kind === "external") external.push(base.name);
      }
    };
    visit(start);
    return { classes, external };
  }

  #tryResolve(module: PythonModule, expression: SourceExpression): Definition | null {
    if (expression.kind === "name") return this.#name(module, expression.name);
    if (expression.kind !== "attribute") return null;
    const dotted = dottedName(expression);
    if (dotted === null) return null;
    const [first = "", ...rest] = dotted.split(".");
    const target = module.imports.get(first);
    if (target === undefined) return null;
    const path = [target.module, ...(target.member === null ? [] : [target.member]), ...rest];
    const owner = this.module(path.slice(0, -1).join("."));
    return owner === null ? { kind: "external", name: path.join(".") } : this.#name(owner, path.at(-1) ?? "");
  }

  #name(module: PythonModule, name: string): Definition | null {
    const definition = module.classes.get(name);
    if (definition !== undefined) return { kind: "class", module, definition };
    const expression = module.assignments.get(name);
    if (expression !== undefined) return { kind: "alias", module, expression };
    const target = module.imports.get(name);
    if (target?.member !== undefined && target.member !== null)
      return this.#imported(target.module, target.member);
    for (const star of module.starImports) {
      const owner = this.module(star);
      const found = owner === null ? null : this.#name(owner, name);
      if (found !== null && found.kind !== "external") return found;
    }
    return BUILTINS.has(name) ? { kind: "external", name: `builtins.${name}` } : null;
  }

  #imported(module: string, member: string): Definition | null {
    const owner = this.module(module);
    return owner === null ? { kind: "external", name: `${module}.${member}` } : this.#name(owner, member);
  }

  #parse(name: string, file: string): PythonModule {
    let text: string;
    try {
      text = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
    } catch (error) {
      throw new ConfigError(`Cannot read ${file}: ${messageOf(error)}. Check the checkout's permissions.`, {
        cause: error,
      });
    }
    return parseModule({ name, isPackage: file.endsWith("__init__.py") }, { path: file, text });
  }
}

/** `a.b.c` for attribute chains on a name, else null. */
export function dottedName(expression: SourceExpression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "attribute") return null;
  const object = dottedName(expression.object);
  return object === null ? null : `${object}.${expression.name}`;
}

/** A short text of an expression for messages. */
export function describe(expression: SourceExpression): string {
  if (expression.kind === "opaque") return `\`${expression.text}\``;
  return dottedName(expression) ?? `this ${expression.kind}`;
}

function unsubscripted(expression: SourceExpression): SourceExpression {
  return expression.kind === "subscript" ? expression.object : expression;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
