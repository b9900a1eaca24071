import * as jinja from "@huggingface/jinja";
import { isRecord } from "./normalise-messages.ts";

interface Value {
  readonly type: string;
  readonly value: unknown;
  toString(): string;
}
interface Node {
  readonly type: string;
}
interface Environment {
  /** Gives the value that it made of a plain one. */
  set(name: string, value: unknown): Value;
}

/** The declarations of these parts do not resolve in the library's package. */
const { Environment, Interpreter, parse, tokenize } = jinja as unknown as {
  readonly Environment: new () => Environment;
  readonly Interpreter: new (environment: Environment) => {
    run(program: Node): Value;
    evaluate(node: Node | undefined, environment: Environment): Value;
  };
  readonly parse: (tokens: unknown) => Node;
  readonly tokenize: (
    source: string,
    options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
  ) => unknown;
};

/**
 * A Jinja template that prints values as Python does, where the engines that serve models run: `True` and `None`, lists and
 * dictionaries with Python's quotes. The library prints JSON in their place, also in its filter `string`; Qwen3-Coder's
 * template, for one, prints booleans of calls so.
 */
export class PythonTemplate {
  readonly #program: Node;
  readonly #printed: ReadonlySet<unknown>;

  /** @throws when the source is no template */
  constructor(source: string) {
    this.#program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    this.#printed = printedNodes(this.#program);
  }

  render(items: Readonly<Record<string, unknown>>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...globals, ...items })) environment.set(name, value);
    return String(new PythonInterpreter(environment, this.#printed).run(this.#program).value);
  }
}

class PythonInterpreter extends Interpreter {
  readonly #printed: ReadonlySet<unknown>;

  constructor(environment: Environment, printed: ReadonlySet<unknown>) {
    super(environment);
    this.#printed = printed;
  }

  override evaluate(node: Node | undefined, environment: Environment): Value {
    const operand = node === undefined ? null : stringFilterOf(node);
    if (operand !== null) return textValue(pythonText(this.evaluate(operand, environment)));
    const parts = node === undefined ? null : joined(node);
    if (parts !== null)
      return textValue(parts.map((part) => pythonText(this.evaluate(part, environment))).join(""));
    const value = super.evaluate(node, environment);
    return this.#printed.has(node) && value.type !== "UndefinedValue" ? textValue(pythonText(value)) : value;
  }
}

/** What every template of transformers and of the library has. */
const globals = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  range: (...[first, second, step = 1]: readonly number[]) => {
    if (step === 0) throw new Error("range() step must not be zero");
    const [start, stop] = second === undefined ? [0, first ?? 0] : [first ?? 0, second];
    return Array.from(
      { length: Math.max(0, Math.ceil((stop - start) / step)) },
      (_, at) => start + at * step,
    );
  },
  strftime_now: (form: unknown) => new jinja.Template("{{ strftime_now(form) }}").render({ form }),
};

const statements = new Set(
  "Set If For Macro CallStatement FilterStatement Break Continue Comment Program".split(" "),
);

/** Expressions that stand for themselves between `{{` and `}}`. */
function printedNodes(node: unknown, found = new Set<unknown>()): ReadonlySet<unknown> {
  if (Array.isArray(node)) for (const one of node) printedNodes(one, found);
  else if (node instanceof Map) for (const pair of node) printedNodes(pair, found);
  else if (isRecord(node)) {
    for (const [key, value] of Object.entries(node)) {
      if (["body", "alternate", "defaultBlock"].includes(key) && Array.isArray(value))
        for (const one of value) if (isRecord(one) && !statements.has(String(one["type"]))) found.add(one);
      printedNodes(value, found);
    }
  }
  return found;
}

/** The operand of `… | string`; null for everything else. */
function stringFilterOf(node: Node): Node | null {
  if (node.type !== "FilterExpression" || !("filter" in node) || !("operand" in node)) return null;
  const { filter, operand } = node;
  const isString = isRecord(filter) && filter["type"] === "Identifier" && filter["value"] === "string";
  return isString && isNode(operand) ? operand : null;
}

/** Both sides of `… ~ …`, which makes texts of them; null for everything else. */
function joined(node: Node): readonly Node[] | null {
  if (node.type !== "BinaryExpression" || !("operator" in node) || !("left" in node) || !("right" in node))
    return null;
  const { operator, left, right } = node;
  return isRecord(operator) && operator["value"] === "~" && isNode(left) && isNode(right)
    ? [left, right]
    : null;
}

function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value["type"] === "string";
}

/** The library makes its values of plain ones; an environment is the way to have one made. */
function textValue(text: string): Value {
  return new Environment().set("text", text);
}

/** `str(value)` */
function pythonText(value: Value): string {
  if (value.type === "UndefinedValue") return "";
  return value.type === "StringValue" ? String(value.value) : pythonRepr(value);
}

/** `repr(value)` */
function pythonRepr(value: Value): string {
  const { type, value: inner } = value;
  if (type === "NullValue" || type === "UndefinedValue") return "None";
  if (type === "BooleanValue") return inner === true ? "True" : "False";
  if (typeof inner === "string") return quoted(inner);
  if (Array.isArray(inner)) {
    const items = inner.map((one: Value) => pythonRepr(one)).join(", ");
    if (type !== "TupleValue") return `[${items}]`;
    return inner.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (inner instanceof Map) {
    const members = [...(inner as ReadonlyMap<string, Value>)];
    return `{${members.map(([key, one]) => `${quoted(key)}: ${pythonRepr(one)}`).join(", ")}}`;
  }
  return value.toString();
}

/** A number that is marked to be restored stays one. */
function quoted(text: string): string {
  if (/^\uFDD0[^\uFDD1]*\uFDD1$/.test(text)) return text;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
  const escapedText = text.replaceAll(/[\\'\p{Cc}]/gu, (character) => {
    if (character === "'") return quote === "'" ? "\\'" : character;
    return named[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `${quote}${escapedText}${quote}`;
}
