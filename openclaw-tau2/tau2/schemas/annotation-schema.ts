import { cleanDocstring } from "./docstring.ts";
import type { Json, JsonObject } from "./json.ts";
import { literalValue } from "./literal-value.ts";
import type { SourceExpression } from "./python-expression.ts";
import type { PythonField, PythonModule } from "./python-module.ts";
import { PythonSourceError } from "./python-source.ts";
import { describe, type ClassDefinition, type SourceTree } from "./source-tree.ts";

/** The schema of a type, and whether a field of it gets a title (references do not). */
export interface AnnotationSchema {
  readonly schema: JsonObject;
  readonly titled: boolean;
}

/** One field of a model or one parameter of a tool. */
export interface FieldFacts {
  /** Where the annotation's names are looked up. */
  readonly module: PythonModule;
  readonly name: string;
  readonly annotation: SourceExpression | null;
  /** The default's JSON; undefined when there is none or it is made by a factory. */
  readonly default: Json | undefined;
  readonly description: string | null;
  readonly required: boolean;
}

const PRIMITIVES: Readonly<Record<string, JsonObject>> = {
  "builtins.str": { type: "string" },
  "builtins.int": { type: "integer" },
  "builtins.float": { type: "number" },
  "builtins.bool": { type: "boolean" },
  "builtins.list": { items: {}, type: "array" },
  "builtins.dict": { additionalProperties: true, type: "object" },
  "builtins.object": {},
  "typing.Any": {},
  "typing.List": { items: {}, type: "array" },
  "typing.Dict": { additionalProperties: true, type: "object" },
  "datetime.date": { format: "date", type: "string" },
  "datetime.datetime": { format: "date-time", type: "string" },
};
const NULL: JsonObject = { type: "null" };
const LISTS = new Set(["builtins.list", "typing.List"]);
const DICTS = new Set(["builtins.dict", "typing.Dict"]);
const ENUM_BASES = /^enum\.(?:Enum|StrEnum|IntEnum)$/u;
const IGNORED_FIELD_OPTIONS = new Set(["validate_default", "exclude", "repr", "frozen"]);
const IGNORED_CONFIG_OPTIONS = new Set(["arbitrary_types_allowed", "validate_assignment", "frozen"]);

/** Builds pydantic's JSON schemas from annotations; models and enums collect in `definitions`. */
export class AnnotationSchemas {
  readonly #tree: SourceTree;
  readonly #definitions = new Map<string, { readonly source: ClassDefinition; schema: JsonObject }>();

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  definitions(): JsonObject {
    return Object.fromEntries([...this.#definitions].map(([name, { schema }]) => [name, schema]));
  }

  /** `properties` and `required` of an object. */
  object(fields: readonly FieldFacts[]): JsonObject {
    const properties = fields.map((field) => [field.name, this.#property(field)] as const);
    const required = fields.filter((field) => field.required).map((field) => field.name);
    return {
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {}),
      type: "object",
    };
  }

  #property(field: FieldFacts): JsonObject {
    const { schema, titled } =
      field.annotation === null
        ? { schema: {}, titled: true }
        : this.annotation(field.module, field.annotation);
    return {
      ...schema,
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.description === null ? {} : { description: field.description }),
      ...(titled ? { title: fieldTitle(field.name) } : {}),
    };
  }

  /** Throws `PythonSourceError` for a type that has no schema here. */
  annotation(module: PythonModule, expression: SourceExpression): AnnotationSchema {
    if (expression.kind === "union") return this.#union(module, [expression.left, expression.right]);
    if (expression.kind === "constant" && expression.value === null) return { schema: NULL, titled: true };
    if (expression.kind === "subscript") return this.#generic(module, expression);
    if (expression.kind !== "name" && expression.kind !== "attribute") throw unknown(module, expression);
    const definition = this.#tree.resolve(module, expression);
    if (definition.kind === "alias") return this.annotation(definition.module, definition.expression);
    if (definition.kind === "class") return this.#reference(definition);
    const name = definition.name.replace(/^typing_extensions\./u, "typing.");
    const schema = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
    if (schema === undefined) throw unknown(module, expression);
    return { schema, titled: true };
  }

  #generic(
    module: PythonModule,
    expression: Extract<SourceExpression, { kind: "subscript" }>,
  ): AnnotationSchema {
    const definition = this.#tree.resolve(module, expression.object);
    if (definition.kind !== "external") throw unknown(module, expression.object);
    const name = definition.name.replace(/^typing_extensions\./u, "typing.");
    const [first, second] = expression.items;
    if (name === "typing.Literal") return { schema: this.#literal(module, expression.items), titled: true };
    if (name === "typing.Union") return this.#union(module, expression.items);
    if (first === undefined) throw unknown(module, expression);
    if (name === "typing.Optional") {
      return this.#union(module, [first, { kind: "constant", value: null, line: expression.line }]);
    }
    if (name === "typing.Annotated") return this.#annotated(module, expression.items);
    if (LISTS.has(name)) {
      return { schema: { items: this.annotation(module, first).schema, type: "array" }, titled: true };
    }
    if (DICTS.has(name) && second !== undefined) return this.#dict(module, first, second);
    throw unknown(module, expression.object);
  }

  #dict(module: PythonModule, key: SourceExpression, value: SourceExpression): AnnotationSchema {
    if (JSON.stringify(this.annotation(module, key).schema) !== '{"type":"string"}')
      throw unknown(module, key);
    const { schema } = this.annotation(module, value);
    const isEmpty = Object.keys(schema).length === 0;
    return { schema: { additionalProperties: isEmpty ? true : schema, type: "object" }, titled: true };
  }

  #annotated(module: PythonModule, [inner, ...metadata]: readonly SourceExpression[]): AnnotationSchema {
    if (inner === undefined || metadata.length !== 1 || metadata[0] === undefined) {
      throw unknown(module, inner ?? { kind: "opaque", text: "Annotated[]", line: 1 });
    }
    const { schema, titled } = this.annotation(module, inner);
    const { description, value, required } = this.#fieldCall(module, metadata[0]);
    if (!required || value !== undefined) throw unknown(module, metadata[0]);
    return {
      schema: description === null ? schema : { ...schema, description },
      titled,
    };
  }

  /** Null goes last wherever it is written; nested unions are flattened and equal members merged. */
  #union(module: PythonModule, items: readonly SourceExpression[]): AnnotationSchema {
    const parts = items.map((item) => this.annotation(module, item));
    const members = parts.flatMap(({ schema }) => {
      const nested = Object.keys(schema).length === 1 ? schema["anyOf"] : undefined;
      return Array.isArray(nested) ? (nested as readonly JsonObject[]) : [schema];
    });
    const unique = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
    const values = unique.filter((member) => member["type"] !== "null");
    const [only] = values;
    if (only === undefined) return { schema: NULL, titled: true };
    if (unique.length === 1) return { schema: only, titled: parts.every(({ titled }) => titled) };
    const isNullable = values.length < unique.length;
    // An optional reference still counts as a reference, a union of several types does not.
    const titled = values.length > 1 || parts.every((part) => part.titled);
    return { schema: { anyOf: isNullable ? [...values, NULL] : values }, titled };
  }

  #literal(module: PythonModule, items: readonly SourceExpression[]): JsonObject {
    const values = items.map((item) => literalValue(this.#tree, module, item));
    const type = commonType(values);
    return { ...(values.length === 1 ? { const: values[0] ?? null } : { enum: values }), ...type };
  }

  #reference(source: ClassDefinition): AnnotationSchema {
    const { name } = source.definition;
    const known = this.#definitions.get(name);
    if (known === undefined) {
      const entry = { source, schema: {} as JsonObject };
      this.#definitions.set(name, entry);
      entry.schema = this.#classSchema(source);
    } else if (known.source.definition !== source.definition) {
      const place = { path: source.module.source.path, line: source.definition.line };
      throw new PythonSourceError(place, `two classes named ${name} in one schema`);
    }
    return { schema: { $ref: `#/$defs/${name}` }, titled: false };
  }

  #classSchema(source: ClassDefinition): JsonObject {
    const { name, docstring, line } = source.definition;
    const ancestry = this.#tree.ancestry(source);
    const description: JsonObject = docstring === null ? {} : { description: cleanDocstring(docstring) };
    if (ancestry.external.some((base) => ENUM_BASES.test(base))) {
      const members = [...source.definition.assignments.values()];
      const values = members.map((member) => literalValue(this.#tree, source.module, member));
      return { ...description, enum: values, title: name, ...commonType(values) };
    }
    if (!ancestry.external.includes("pydantic.BaseModel")) {
      throw new PythonSourceError(
        { path: source.module.source.path, line },
        `${name} is no pydantic model or enum`,
      );
    }
    const fields = new Map<string, { readonly module: PythonModule; readonly field: PythonField }>();
    for (const { module, definition } of ancestry.classes.toReversed()) {
      for (const field of definition.fields) fields.set(field.name, { module, field });
    }
    const facts = [...fields.values()].map(({ module, field }) => this.#fieldFacts(module, field));
    const extra = ancestry.classes.map((ancestor) => this.#extra(ancestor)).find((value) => value !== null);
    return {
      ...(extra === undefined || extra === null ? {} : extra),
      ...description,
      ...this.object(facts),
      title: name,
    };
  }

  #fieldFacts(module: PythonModule, field: PythonField): FieldFacts {
    const facts = { module, name: field.name, annotation: field.annotation };
    if (field.value === null) return { ...facts, default: undefined, description: null, required: true };
    if (field.value.kind === "call") {
      const { description, value, required } = this.#fieldCall(module, field.value);
      return { ...facts, default: value, description, required };
    }
    const value = literalValue(this.#tree, module, field.value);
    return { ...facts, default: value, description: null, required: false };
  }

  #fieldCall(
    module: PythonModule,
    expression: SourceExpression,
  ): { readonly description: string | null; readonly value: Json | undefined; readonly required: boolean } {
    if (expression.kind !== "call") throw unknown(module, expression);
    const callee = this.#tree.resolve(module, expression.callee);
    if (callee.kind !== "external" || callee.name !== "pydantic.Field")
      throw unknown(module, expression.callee);
    let description: string | null = null;
    let value: SourceExpression | null = expression.positional[0] ?? null;
    let hasFactory = false;
    for (const keyword of expression.keywords) {
      if (keyword.name === "default") value = keyword.value;
      else if (keyword.name === "default_factory") hasFactory = true;
      else if (keyword.name === "description" && keyword.value.kind === "string")
        description = keyword.value.value;
      else if (!IGNORED_FIELD_OPTIONS.has(keyword.name)) throw unknown(module, keyword.value);
    }
    const isRequired = value === null || (value.kind === "constant" && value.value === "...");
    if (value === null || isRequired) return { description, value: undefined, required: !hasFactory };
    return { description, value: literalValue(this.#tree, module, value), required: false };
  }

  #extra({ module, definition }: ClassDefinition): JsonObject | null {
    const config = definition.assignments.get("model_config");
    if (config === undefined) return null;
    if (config.kind !== "call") throw unknown(module, config);
    let extra: JsonObject | null = null;
    for (const { name, value } of config.keywords) {
      if (name === "extra" && value.kind === "string") {
        extra = value.value === "ignore" ? {} : { additionalProperties: value.value === "allow" };
      } else if (!IGNORED_CONFIG_OPTIONS.has(name)) throw unknown(module, value);
    }
    return extra;
  }
}

/** `name.title().replace("_", " ").strip()`. */
export function fieldTitle(name: string): string {
  return name
    .replaceAll(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .replaceAll("_", " ")
    .trim();
}

function commonType(values: readonly Json[]): JsonObject {
  const types = new Set(
    values.map((value) => (typeof value === "object" && value !== null ? "exact" : typeof value)),
  );
  if (types.size !== 1) return {};
  if (types.has("string")) return { type: "string" };
  if (types.has("boolean")) return { type: "boolean" };
  if (types.has("object")) return { type: "null" };
  return { type: values.every((value) => /^-?\d+$/u.test(JSON.stringify(value))) ? "integer" : "number" };
}

function unknown(module: PythonModule, expression: SourceExpression): PythonSourceError {
  const place = { path: module.source.path, line: expression.line };
  return new PythonSourceError(
    place,
    `${describe(expression)} is a type or option that this reader does not know`,
  );
}
