import { argumentsOf, expressionOf, partOf, type SourceExpression } from "./python-expression.ts";
import type { PythonSource } from "./python-source.ts";
import { stringValue } from "./python-string.ts";
import { childrenOf, partsOf, PythonFile, type SyntaxNode } from "./python-syntax.ts";

/** What a module defines, as far as annotations and tool classes need it. Statements in other blocks are skipped. */
export interface PythonModule {
  /** Dotted name. */
  readonly name: string;
  /** Whether the file is a package's `__init__.py`; relative imports count from it. */
  readonly isPackage: boolean;
  readonly source: PythonSource;
  /** Local name -> where it comes from. `member` is null for an imported module. */
  readonly imports: ReadonlyMap<string, { readonly module: string; readonly member: string | null }>;
  /** Modules imported with `*`. */
  readonly starImports: readonly string[];
  readonly classes: ReadonlyMap<string, PythonClass>;
  readonly assignments: ReadonlyMap<string, SourceExpression>;
}

export interface PythonClass {
  readonly name: string;
  readonly line: number;
  readonly bases: readonly SourceExpression[];
  readonly docstring: string | null;
  readonly fields: readonly PythonField[];
  /** Unannotated assignments in order: enum members, `model_config`. */
  readonly assignments: ReadonlyMap<string, SourceExpression>;
  readonly methods: readonly PythonMethod[];
}

export interface PythonField {
  readonly name: string;
  readonly annotation: SourceExpression;
  readonly value: SourceExpression | null;
  readonly line: number;
}

export interface PythonMethod {
  readonly name: string;
  readonly line: number;
  readonly decorators: readonly SourceExpression[];
  readonly parameters: readonly PythonParameter[];
  readonly docstring: string | null;
  /** Source from the first decorator to the end of the body. */
  readonly segment: string;
}

export interface PythonParameter {
  readonly name: string;
  readonly annotation: SourceExpression | null;
  readonly value: SourceExpression | null;
  /** `*` and `**` parameters have no schema. */
  readonly variadic: boolean;
  readonly line: number;
}

interface Scope {
  docstring: string | null;
  readonly imports: Map<string, { readonly module: string; readonly member: string | null }>;
  readonly starImports: string[];
  readonly classes: Map<string, PythonClass>;
  readonly assignments: Map<string, SourceExpression>;
  readonly fields: PythonField[];
  readonly methods: PythonMethod[];
}

export interface ModuleName {
  readonly name: string;
  readonly isPackage: boolean;
}

/** Parses one file. Throws `PythonSourceError` with file and line. */
export function parseModule(module: ModuleName, source: PythonSource): PythonModule {
  const file = new PythonFile(source);
  const { imports, starImports, classes, assignments } = new BlockReader(file, module).block(file.root);
  return { ...module, source, imports, starImports, classes, assignments };
}

class BlockReader {
  readonly #file: PythonFile;
  readonly #module: ModuleName;

  constructor(file: PythonFile, module: ModuleName) {
    this.#file = file;
    this.#module = module;
  }

  /** The definitions of a module or of a class or function body. */
  block(node: SyntaxNode): Scope {
    const scope: Scope = {
      docstring: null,
      imports: new Map(),
      starImports: [],
      classes: new Map(),
      assignments: new Map(),
      fields: [],
      methods: [],
    };
    const statements = childrenOf(node)
      .filter(({ name }) => name !== ":")
      .flatMap((one) => (one.name === "StatementGroup" ? childrenOf(one) : [one]));
    scope.docstring = this.#docstring(statements[0]);
    for (const statement of statements) this.#statement(scope, statement);
    return scope;
  }

  #docstring(statement: SyntaxNode | undefined): string | null {
    const literal = statement?.name === "ExpressionStatement" ? statement.firstChild : null;
    return literal?.name === "String" ? stringValue(this.#file.textOf(literal)) : null;
  }

  #statement(scope: Scope, statement: SyntaxNode): void {
    const children = childrenOf(statement);
    if (statement.name === "ImportStatement") this.#import(scope, children);
    else if (statement.name === "AssignStatement") this.#assignment(scope, children);
    else if (statement.name === "DecoratedStatement") {
      const decorators = children.filter(({ name }) => name === "Decorator");
      const definition = children.at(-1);
      if (definition !== undefined) this.#definition(scope, definition, decorators);
    } else this.#definition(scope, statement, []);
  }

  #definition(scope: Scope, node: SyntaxNode, decorators: readonly SyntaxNode[]): void {
    const nameNode = node.getChild("VariableName");
    const body = node.getChild("Body");
    if (nameNode === null || body === null) return;
    const facts = { name: this.#file.textOf(nameNode), line: this.#file.lineOf(nameNode) };
    if (node.name === "ClassDefinition") {
      const list = node.getChild("ArgList");
      const bases = list === null ? [] : argumentsOf(this.#file, list).positional;
      const { docstring, fields, assignments, methods } = this.block(body);
      scope.classes.set(facts.name, { ...facts, bases, docstring, fields, assignments, methods });
    } else if (node.name === "FunctionDefinition") {
      const { docstring } = this.block(body);
      const segment = this.#file.textOf({ from: (decorators[0] ?? node).from, to: endOf(body) });
      scope.methods.push({
        ...facts,
        decorators: decorators.map((decorator) => this.#decorator(decorator)),
        parameters: this.#parameters(node.getChild("ParamList")),
        docstring,
        segment,
      });
    }
  }

  /** `@a.b(c)`: the tree has its names one after the other. */
  #decorator(node: SyntaxNode): SourceExpression {
    const line = this.#file.lineOf(node);
    const names = node.getChildren("VariableName").map((name) => this.#file.textOf(name));
    const list = node.getChild("ArgList");
    const callee = names
      .slice(1)
      .reduce<SourceExpression>((object, name) => ({ kind: "attribute", object, name, line }), {
        kind: "name",
        name: names[0] ?? "",
        line,
      });
    return list === null ? callee : { kind: "call", callee, ...argumentsOf(this.#file, list), line };
  }

  #parameters(list: SyntaxNode | null): readonly PythonParameter[] {
    return partsOf(list === null ? [] : childrenOf(list)).flatMap((part) => {
      const nameNode = part.find(({ name }) => name === "VariableName");
      // A lone `*` or `/` divides parameters and is none itself.
      if (nameNode === undefined) return [];
      return {
        name: this.#file.textOf(nameNode),
        ...this.#typeAndValue(part),
        variadic: part[0] !== nameNode,
        line: this.#file.lineOf(part[0] ?? nameNode),
      };
    });
  }

  #typeAndValue(nodes: readonly SyntaxNode[]): {
    readonly annotation: SourceExpression | null;
    readonly value: SourceExpression | null;
  } {
    const annotation = nodes.find(({ name }) => name === "TypeDef")?.lastChild ?? null;
    const operator = nodes.findLastIndex(({ name }) => name === "AssignOp");
    return {
      annotation: annotation && expressionOf(this.#file, annotation),
      value: operator === -1 ? null : partOf(this.#file, nodes.slice(operator + 1)),
    };
  }

  #assignment(scope: Scope, children: readonly SyntaxNode[]): void {
    const [target, next] = children;
    if (target?.name !== "VariableName") return;
    const name = this.#file.textOf(target);
    const { annotation, value } = this.#typeAndValue(children);
    if (annotation !== null) scope.fields.push({ name, annotation, value, line: this.#file.lineOf(target) });
    else if (next?.name === "AssignOp" && value !== null) scope.assignments.set(name, value);
  }

  #import(scope: Scope, [keyword, ...nodes]: readonly SyntaxNode[]): void {
    const at = nodes.findIndex(({ name }) => name === "import");
    const members = partsOf(nodes.slice(at + 1)).map((part) => {
      const as = part.findIndex(({ name }) => name === "as");
      const path = this.#joined(as === -1 ? part : part.slice(0, as));
      return { path, local: as === -1 ? null : this.#joined(part.slice(as + 1)) };
    });
    if (keyword?.name === "import") {
      for (const { path, local } of members) {
        const top = path.split(".", 1)[0] ?? path;
        scope.imports.set(local ?? top, { module: local === null ? top : path, member: null });
      }
      return;
    }
    const module = this.#importedModule(this.#joined(nodes.slice(0, at)));
    for (const { path, local } of members) {
      if (path === "*") scope.starImports.push(module);
      else scope.imports.set(local ?? path, { module, member: path });
    }
  }

  #joined(nodes: readonly SyntaxNode[]): string {
    return nodes.map((node) => this.#file.textOf(node)).join("");
  }

  /** A dotted name as it is written, from this module on where it begins with dots. */
  #importedModule(written: string): string {
    const tail = written.replace(/^\.+/u, "");
    const dots = written.length - tail.length;
    if (dots === 0) return tail;
    const parts = this.#module.name.split(".");
    const parents = parts.slice(0, parts.length - dots + (this.#module.isPackage ? 1 : 0));
    return [...parents, ...(tail === "" ? [] : [tail])].join(".");
  }
}

/** Offset behind the last statement of a body; comments after it are not part. */
function endOf(node: SyntaxNode): number {
  const last = childrenOf(node).at(-1);
  if (last === undefined) return node.to;
  return node.name.endsWith("Body") || /(?:Body|Definition)$/u.test(last.name) ? endOf(last) : node.to;
}
