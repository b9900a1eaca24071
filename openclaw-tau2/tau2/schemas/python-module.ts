import { parseArguments, parseExpression, type Expression } from "./python-expression.ts";
import { PythonSourceError, type PythonSource } from "./python-source.ts";
import { stringValue } from "./python-string.ts";
import { TokenCursor } from "./token-cursor.ts";

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
  readonly assignments: ReadonlyMap<string, Expression>;
}

export interface PythonClass {
  readonly name: string;
  readonly line: number;
  readonly bases: readonly Expression[];
  readonly docstring: string | null;
  readonly fields: readonly PythonField[];
  /** Unannotated assignments in order: enum members, `model_config`. */
  readonly assignments: ReadonlyMap<string, Expression>;
  readonly methods: readonly PythonMethod[];
}

export interface PythonField {
  readonly name: string;
  readonly annotation: Expression;
  readonly value: Expression | null;
  readonly line: number;
}

export interface PythonMethod {
  readonly name: string;
  readonly line: number;
  readonly decorators: readonly Expression[];
  readonly parameters: readonly PythonParameter[];
  readonly docstring: string | null;
  /** Source from the first decorator to the end of the body. */
  readonly segment: string;
}

export interface PythonParameter {
  readonly name: string;
  readonly annotation: Expression | null;
  readonly value: Expression | null;
  /** `*` and `**` parameters have no schema. */
  readonly variadic: boolean;
  readonly line: number;
}

interface Scope {
  docstring: string | null;
  readonly imports: Map<string, { readonly module: string; readonly member: string | null }>;
  readonly starImports: string[];
  readonly classes: Map<string, PythonClass>;
  readonly assignments: Map<string, Expression>;
  readonly fields: PythonField[];
  readonly methods: PythonMethod[];
}

export interface ModuleName {
  readonly name: string;
  readonly isPackage: boolean;
}

// `else: x = 1` on one line looks like an annotated field.
const BLOCK_WORDS = new Set(["else", "try", "finally"]);

/** Parses one file. Throws `PythonSourceError` with file and line. */
export function parseModule(module: ModuleName, source: PythonSource): PythonModule {
  const cursor = new TokenCursor(source);
  const scope = new BlockParser(cursor, module).block("end");
  const { imports, starImports, classes, assignments } = scope;
  return { ...module, source, imports, starImports, classes, assignments };
}

class BlockParser {
  readonly #cursor: TokenCursor;
  readonly #module: ModuleName;

  constructor(cursor: TokenCursor, module: ModuleName) {
    this.#cursor = cursor;
    this.#module = module;
  }

  block(end: "end" | "dedent"): Scope {
    const scope: Scope = {
      docstring: null,
      imports: new Map(),
      starImports: [],
      classes: new Map(),
      assignments: new Map(),
      fields: [],
      methods: [],
    };
    let isFirst = true;
    while (this.#cursor.peek().kind !== end && this.#cursor.peek().kind !== "end") {
      this.#statement(scope, isFirst);
      isFirst = false;
    }
    if (end === "dedent") this.#cursor.position += 1;
    return scope;
  }

  #statement(scope: Scope, isFirst: boolean): void {
    const token = this.#cursor.peek();
    if (isFirst && token.kind === "string" && this.#cursor.peek(1).kind === "newline") {
      scope.docstring = stringValue(token.text);
      this.#skipStatement();
    } else if (["@", "class", "def", "async"].includes(token.text)) this.#definition(scope);
    else if (token.text === "import") this.#import(scope);
    else if (token.text === "from") this.#importFrom(scope);
    else if (token.kind === "name") this.#assignment(scope);
    else this.#skipStatement();
  }

  #definition(scope: Scope): void {
    const cursor = this.#cursor;
    const { start } = cursor.peek();
    const decorators: Expression[] = [];
    while (cursor.accept("@")) {
      decorators.push(parseExpression(cursor));
      if (cursor.peek().kind !== "newline") throw new PythonSourceError(cursor.place(), "unknown decorator");
      cursor.position += 1;
    }
    cursor.accept("async");
    if (cursor.accept("class")) {
      const definition = this.#classBody();
      scope.classes.set(definition.name, definition);
    } else if (cursor.accept("def")) scope.methods.push(this.#method(decorators, start));
    else this.#skipStatement();
  }

  #classBody(): PythonClass {
    const cursor = this.#cursor;
    const { line } = cursor.peek();
    const name = cursor.expectName();
    if (cursor.accept("[")) parseArguments(cursor, "]");
    const bases = cursor.accept("(") ? parseArguments(cursor, ")").positional : [];
    const body = this.#body();
    return { name, line, bases, ...body };
  }

  #method(decorators: readonly Expression[], start: number): PythonMethod {
    const cursor = this.#cursor;
    const { line } = cursor.peek();
    const name = cursor.expectName();
    if (cursor.accept("[")) parseArguments(cursor, "]");
    cursor.expect("(");
    const parameters = this.#parameters();
    if (cursor.accept("->")) cursor.skipTo((token) => token.text === ":" || token.kind === "newline");
    const { docstring } = this.#body();
    const segment = cursor.textBetween(start, this.#endOfBody());
    return { name, line, decorators, parameters, docstring, segment };
  }

  /** Offset behind the last token of the body that was just read; comments and blank lines after it are not part. */
  #endOfBody(): number {
    let offset = -1;
    while (["dedent", "newline"].includes(this.#cursor.peek(offset).kind)) offset -= 1;
    return this.#cursor.peek(offset).end;
  }

  #parameters(): readonly PythonParameter[] {
    const cursor = this.#cursor;
    const parameters: PythonParameter[] = [];
    while (!cursor.accept(")")) {
      const { line } = cursor.peek();
      if (cursor.accept("/") || (cursor.peek().text === "*" && cursor.peek(1).text === ",")) {
        cursor.accept("*");
      } else {
        const variadic = cursor.accept("*") || cursor.accept("**");
        const name = cursor.expectName();
        const annotation = cursor.accept(":") ? parseExpression(cursor) : null;
        const value = cursor.accept("=") ? parseExpression(cursor) : null;
        parameters.push({ name, annotation, value, variadic, line });
      }
      if (!cursor.accept(",") && cursor.peek().text !== ")") {
        throw new PythonSourceError(cursor.place(), "expected ',' or ')' after a parameter");
      }
    }
    return parameters;
  }

  #body(): Pick<PythonClass, "docstring" | "fields" | "assignments" | "methods"> {
    const cursor = this.#cursor;
    cursor.expect(":");
    if (cursor.peek().kind !== "newline") {
      this.#skipStatement();
      return { docstring: null, fields: [], assignments: new Map(), methods: [] };
    }
    cursor.position += 1;
    if (cursor.peek().kind !== "indent")
      throw new PythonSourceError(cursor.place(), "expected an indented block");
    cursor.position += 1;
    return this.block("dedent");
  }

  #import(scope: Scope): void {
    const cursor = this.#cursor;
    cursor.expect("import");
    do {
      const module = this.#dottedName();
      if (cursor.accept("as")) scope.imports.set(cursor.expectName(), { module, member: null });
      else {
        const top = module.split(".", 1)[0] ?? module;
        scope.imports.set(top, { module: top, member: null });
      }
    } while (cursor.accept(","));
    this.#skipStatement();
  }

  #importFrom(scope: Scope): void {
    const cursor = this.#cursor;
    cursor.expect("from");
    const module = this.#importedModule();
    cursor.expect("import");
    if (cursor.accept("*")) scope.starImports.push(module);
    else {
      const inBrackets = cursor.accept("(");
      do {
        if (inBrackets && cursor.peek().text === ")") break;
        const member = cursor.expectName();
        const local = cursor.accept("as") ? cursor.expectName() : member;
        scope.imports.set(local, { module, member });
      } while (cursor.accept(","));
      if (inBrackets) cursor.expect(")");
    }
    this.#skipStatement();
  }

  #importedModule(): string {
    const cursor = this.#cursor;
    let dots = 0;
    for (;;) {
      if (cursor.accept(".")) dots += 1;
      else if (cursor.accept("...")) dots += 3;
      else break;
    }
    const tail = cursor.peek().text === "import" ? "" : this.#dottedName();
    if (dots === 0) return tail;
    const parts = this.#module.name.split(".");
    const parents = parts.slice(0, parts.length - dots + (this.#module.isPackage ? 1 : 0));
    return [...parents, ...(tail === "" ? [] : [tail])].join(".");
  }

  #dottedName(): string {
    let name = this.#cursor.expectName();
    while (this.#cursor.accept(".")) name += `.${this.#cursor.expectName()}`;
    return name;
  }

  #assignment(scope: Scope): void {
    const cursor = this.#cursor;
    const { text: name, line } = cursor.peek();
    const operator = cursor.peek(1).text;
    if (operator === ":" && cursor.peek(2).kind !== "newline" && !BLOCK_WORDS.has(name)) {
      cursor.position += 2;
      const annotation = parseExpression(cursor);
      const value = cursor.accept("=") ? parseExpression(cursor) : null;
      scope.fields.push({ name, annotation, value, line });
    } else if (operator === "=") {
      cursor.position += 2;
      scope.assignments.set(name, parseExpression(cursor));
    }
    this.#skipStatement();
  }

  /** To the statement after this one, over its block when it has one. */
  #skipStatement(): void {
    const cursor = this.#cursor;
    cursor.skipTo((token) => token.kind === "newline");
    if (cursor.peek().kind === "newline") cursor.position += 1;
    if (cursor.peek().kind !== "indent") return;
    let depth = 0;
    do {
      const { kind } = cursor.peek();
      if (kind === "indent") depth += 1;
      if (kind === "dedent") depth -= 1;
      cursor.position += 1;
    } while (depth > 0 && cursor.peek().kind !== "end");
  }
}
