import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import type { ToolType } from "../contract/domain.ts";
import { AnnotationSchemas, type FieldFacts } from "./annotation-schema.ts";
import { parseDocstring, type Docstring } from "./docstring.ts";
import { sortSchema, type JsonObject } from "./json.ts";
import { literalValue } from "./literal-value.ts";
import type { SourceExpression } from "./python-expression.ts";
import type { PythonMethod, PythonModule } from "./python-module.ts";
import { PythonSourceError } from "./python-source.ts";
import { SourceTree, type ClassDefinition } from "./source-tree.ts";

/** The tools of one domain, in the form of a schemas file. */
export interface ToolSchemasFile {
  readonly domain: string;
  readonly agent_toolkit_class: string;
  readonly user_toolkit_class: string | null;
  readonly agent: readonly ToolDescription[];
  readonly user: readonly ToolDescription[];
}

export interface ToolDescription {
  readonly name: string;
  readonly type: ToolType;
  /** Whether a replay executes the tool again. */
  readonly mutates_state: boolean;
  /** The object that is sent to the model, keys in tau2's order. */
  readonly openai_schema: JsonObject;
}

const TOOLKIT_BASE = "ToolKitBase";
const TOOL_TYPES: Readonly<Record<string, ToolType>> = {
  READ: "read",
  WRITE: "write",
  THINK: "think",
  GENERIC: "generic",
};

interface Toolkit {
  readonly source: ClassDefinition;
  readonly methods: readonly { readonly module: PythonModule; readonly method: PythonMethod }[];
}

/**
 * Reads the tool schemas of a domain from the Python sources of a tau2-bench checkout. Throws `ConfigError` when the
 * folder is no checkout or has no such domain, and `PythonSourceError` with file and line for Python that the reader
 * does not understand.
 */
export function readToolSchemas(checkoutDirectory: string, domain: string): ToolSchemasFile {
  const tree = new SourceTree(join(checkoutDirectory, "src"));
  const { agent, user } = readToolkits(tree, checkoutDirectory, domain);
  return {
    domain,
    agent_toolkit_class: agent.source.definition.name,
    user_toolkit_class: user?.source.definition.name ?? null,
    agent: toolSchemas(tree, agent),
    user: user === null ? [] : toolSchemas(tree, user),
  };
}

/** sha256 (first 16 hex digits) of the source of every method of the domain's tool classes, by `Class.method`. */
export function toolSourceHashes(checkoutDirectory: string, domain: string): ReadonlyMap<string, string> {
  const tree = new SourceTree(join(checkoutDirectory, "src"));
  const { agent, user } = readToolkits(tree, checkoutDirectory, domain);
  const hashes = new Map<string, string>();
  for (const toolkit of user === null ? [agent] : [agent, user]) {
    for (const { method } of toolkit.methods) {
      const digest = createHash("sha256").update(method.segment).digest("hex").slice(0, 16);
      hashes.set(`${toolkit.source.definition.name}.${method.name}`, digest);
    }
  }
  return hashes;
}

function readToolkits(
  tree: SourceTree,
  checkoutDirectory: string,
  domain: string,
): { readonly agent: Toolkit; readonly user: Toolkit | null } {
  if (!existsSync(join(checkoutDirectory, "src", "tau2"))) {
    throw new ConfigError(
      `${checkoutDirectory} is no tau2-bench checkout: it has no src/tau2. Check the path.`,
    );
  }
  const folder = domain === "telecom-workflow" ? "telecom" : domain;
  const agent = toolkitOf(tree, `tau2.domains.${folder}.tools`);
  if (agent === null) {
    throw new ConfigError(`${checkoutDirectory} has no tools for domain ${domain}. Check the domain's name.`);
  }
  return { agent, user: toolkitOf(tree, `tau2.domains.${folder}.user_tools`) };
}

/** The module's most derived tool class; null when there is no such module. */
function toolkitOf(tree: SourceTree, name: string): Toolkit | null {
  const module = tree.module(name);
  if (module === null) return null;
  const candidates: (readonly ClassDefinition[])[] = [];
  for (const definition of module.classes.values()) {
    const { classes, external } = tree.ancestry({ kind: "class", module, definition });
    const base = classes.findIndex((ancestor) => ancestor.definition.name === TOOLKIT_BASE);
    if (base === -1 && !external.some((dotted) => dotted.endsWith(`.${TOOLKIT_BASE}`))) continue;
    candidates.push(base === -1 ? classes : classes.slice(0, base));
  }
  const derived = candidates.filter(
    ([own]) =>
      !candidates.some((other) => other.slice(1).some((base) => base.definition === own?.definition)),
  );
  const [classes, second] = derived;
  const source = classes?.[0];
  if (classes === undefined || source === undefined || second !== undefined) {
    throw new PythonSourceError({ path: module.source.path, line: 1 }, "expected exactly one tool class");
  }
  const methods = new Map<string, Toolkit["methods"][number]>();
  for (const ancestor of classes) {
    for (const method of ancestor.definition.methods) {
      if (!methods.has(method.name)) methods.set(method.name, { module: ancestor.module, method });
    }
  }
  return { source, methods: [...methods.values()] };
}

function toolSchemas(tree: SourceTree, toolkit: Toolkit): readonly ToolDescription[] {
  return toolkit.methods.flatMap(({ module, method }) => {
    const decoration = toolDecoration(module, method);
    return decoration === null
      ? []
      : [{ name: method.name, ...decoration, openai_schema: functionSchema(tree, module, method) }];
  });
}

/** Null for a method that is not offered to the model. */
function toolDecoration(
  module: PythonModule,
  method: PythonMethod,
): Pick<ToolDescription, "type" | "mutates_state"> | null {
  let decoration: Pick<ToolDescription, "type" | "mutates_state"> | null = null;
  for (const decorator of method.decorators) {
    const callee = decorator.kind === "call" ? decorator.callee : decorator;
    const name = callee.kind === "name" ? (module.imports.get(callee.name)?.member ?? callee.name) : null;
    if (name === "is_tool" && decorator.kind === "call" && method.decorators.length === 1) {
      decoration = decorationOf(module, decorator);
    } else if (name !== "property" && name !== "staticmethod" && name !== "classmethod") {
      throw new PythonSourceError(placeOf(module, decorator), `${method.name} has an unknown decorator`);
    }
  }
  return decoration;
}

function decorationOf(
  module: PythonModule,
  call: Extract<SourceExpression, { kind: "call" }>,
): Pick<ToolDescription, "type" | "mutates_state"> {
  const named = new Map(call.keywords.map((keyword) => [keyword.name, keyword.value]));
  const typeExpression = call.positional[0] ?? named.get("tool_type");
  const typeName = typeExpression === undefined ? "READ" : memberName(typeExpression);
  const type = typeName !== null && Object.hasOwn(TOOL_TYPES, typeName) ? TOOL_TYPES[typeName] : undefined;
  if (type === undefined) throw new PythonSourceError(placeOf(module, call), "unknown tool type");
  const mutates = call.positional[1] ?? named.get("mutates_state");
  if (mutates === undefined) return { type, mutates_state: type === "write" };
  if (mutates.kind !== "constant" || mutates.value === "...") {
    throw new PythonSourceError(placeOf(module, mutates), "mutates_state is neither True, False nor None");
  }
  return { type, mutates_state: mutates.value ?? type === "write" };
}

function functionSchema(tree: SourceTree, module: PythonModule, method: PythonMethod): JsonObject {
  const place = { path: module.source.path, line: method.line };
  const docstring = parseDocstring(method.docstring ?? "", place);
  const schemas = new AnnotationSchemas(tree);
  const fields = method.parameters.slice(1).map((parameter): FieldFacts => {
    if (parameter.variadic) {
      throw new PythonSourceError(
        { path: place.path, line: parameter.line },
        `${method.name} takes any arguments`,
      );
    }
    const { name, annotation, value } = parameter;
    // pydantic reads a default of `...` as "required".
    const required = value === null || (value.kind === "constant" && value.value === "...");
    return {
      module,
      name,
      annotation,
      default: required ? undefined : literalValue(tree, module, value),
      description: docstring.parameters.get(name) ?? null,
      required,
    };
  });
  const parameters = { ...schemas.object(fields), title: "parameters" };
  const definitions = schemas.definitions();
  const complete = Object.keys(definitions).length === 0 ? parameters : { $defs: definitions, ...parameters };
  return {
    type: "function",
    function: {
      name: method.name,
      description: describeTool(method.name, docstring),
      parameters: sortSchema(complete),
    },
  };
}

function describeTool(name: string, { short, long }: Docstring): string {
  if (short === "") return name;
  return long === "" ? short : `${short}\n\n${long}`;
}

function memberName(expression: SourceExpression): string | null {
  return expression.kind === "attribute" ? expression.name : null;
}

function placeOf(
  module: PythonModule,
  expression: SourceExpression,
): { readonly path: string; readonly line: number } {
  return { path: module.source.path, line: expression.line };
}
