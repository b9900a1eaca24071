import type { DeclaredTool } from "../contract/case.ts";
import type { ParameterFacts } from "../contract/made-call.ts";

/** A tool as a model is told of it: an item of the OpenAI `tools` array. */
export interface ToolDefinition {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

interface Parameter {
  readonly type: string;
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly items?: Parameter;
  /** Of parameters that hold a path or a text of a file: so they are compared. Not shown to models. */
  readonly compare?: "$path" | "$text";
  /** One that need not be given, and has no default. */
  readonly optional?: true;
}

interface OwnTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

const path = (description: string): Parameter => ({ type: "string", description, compare: "$path" });
const text = (description: string): Parameter => ({ type: "string", description });
const content: Parameter = { type: "string", description: "The text, exactly", compare: "$text" };
const folder: Parameter = { ...path("Folder to look in, with all below it"), default: "." };
const whole = (description: string): Parameter => ({ type: "integer", description });
const number = (description: string): Parameter => ({ type: "number", description });
const optional = (parameter: Parameter): Parameter => ({ ...parameter, optional: true });

/** The tools that every case offers: which one is right is part of what is asked. */
const ownTools: readonly OwnTool[] = [
  {
    name: "list_folder",
    description: "Lists what lies in a folder; names of folders end with a slash",
    parameters: { path: { ...path("The folder"), default: "." } },
  },
  { name: "read_file", description: "Returns the text of a file", parameters: { path: path("The file") } },
  {
    name: "write_file",
    description: "Writes a text file, in place of what was there, and makes the folders that lead to it",
    parameters: { path: path("The file"), content },
  },
  {
    name: "append_to_file",
    description: "Adds text at the end of a file that is there",
    parameters: { path: path("The file"), content },
  },
  {
    name: "move_file",
    description: "Moves or renames a file; refuses where something has the new name",
    parameters: { from: path("The file"), to: path("Its new path") },
  },
  {
    name: "copy_file",
    description: "Copies a file; refuses where something has the new name",
    parameters: { from: path("The file"), to: path("Path of the copy") },
  },
  { name: "delete_file", description: "Deletes one file", parameters: { path: path("The file") } },
  {
    name: "find_files",
    description: "Lists the files whose name fits a pattern with * and ?",
    parameters: { pattern: text("Pattern of the name, e.g. *.txt"), folder },
  },
  {
    name: "search_text",
    description: "Lists the lines of files that contain a text, as path:number:line",
    parameters: { text: text("What to look for, exactly"), folder },
  },
  {
    name: "run_command",
    description: "Runs a shell command in the working folder and returns what it prints",
    parameters: { command: text("The command"), timeout_seconds: { ...whole("Longest time"), default: 30 } },
  },
  {
    name: "get_variable",
    description: "Returns the value of an environment variable",
    parameters: { name: text("Its name") },
  },
  {
    name: "list_processes",
    description: "Lists the names of the running processes",
    parameters: {},
  },
  { name: "stop_process", description: "Stops a process", parameters: { name: text("Its name") } },
  {
    name: "search_products",
    description: "Searches the shop's products; every condition that is given must hold",
    parameters: {
      query: optional(text("Part of the name")),
      max_price: optional(number("Highest price")),
      in_stock: optional({ type: "boolean", description: "Whether there are any" }),
      tags: optional({
        type: "array",
        items: { type: "string" },
        description: "Tags that it has, all of them",
      }),
    },
  },
  {
    name: "get_product",
    description: "Returns one product of the shop",
    parameters: { product_id: whole("Its number") },
  },
  {
    name: "create_order",
    description: "Orders a product",
    parameters: {
      product_id: whole("Number of the product"),
      quantity: whole("How many, at least 1"),
      express: { type: "boolean", description: "Express delivery", default: false },
      note: optional(text("Note for the packer")),
    },
  },
  {
    name: "get_order",
    description: "Returns one order",
    parameters: { order_id: text("Its id, e.g. A-100") },
  },
  { name: "list_orders", description: "Lists all orders", parameters: {} },
  {
    name: "cancel_order",
    description: "Cancels an order that is open",
    parameters: {
      order_id: text("Its id"),
      reason: { type: "string", description: "Why", enum: ["changed_mind", "too_slow", "wrong_item"] },
    },
  },
  {
    name: "convert_currency",
    description: "Converts an amount of money at the shop's rate",
    parameters: {
      amount: number("The amount"),
      from: text("Currency code, e.g. EUR"),
      to: text("Currency code"),
    },
  },
  {
    name: "http_request",
    description: "Sends a request to the shop's HTTP API and returns status and body",
    parameters: {
      method: { type: "string", enum: ["GET", "POST", "PATCH", "DELETE"] },
      path: text("Begins with a slash, e.g. /products?tag=garden"),
      body: optional({ type: "object", description: "JSON body" }),
    },
  },
];

export const ownToolNames: readonly string[] = ownTools.map(({ name }) => name);

/** What a model is offered: ours, then those that the file of cases brings. */
export function definitionsOf(declared: readonly DeclaredTool[]): ToolDefinition[] {
  return [
    ...ownTools.map(({ name, description, parameters }) =>
      definition(name, description, schemaOf(parameters)),
    ),
    ...declared.map(({ name, description, parameters }) => definition(name, description, parameters)),
  ];
}

function definition(
  name: string,
  description: string,
  parameters: Readonly<Record<string, unknown>>,
): ToolDefinition {
  return { type: "function", function: { name, description, parameters } };
}

function schemaOf(parameters: OwnTool["parameters"]) {
  const entries = Object.entries(parameters);
  return {
    type: "object",
    properties: Object.fromEntries(
      entries.map(([name, { compare: _compare, optional: _optional, ...shown }]) => [name, shown]),
    ),
    required: entries.flatMap(([name, { default: standard, optional: left }]) =>
      standard === undefined && left === undefined ? [name] : [],
    ),
  };
}

const nothing: ParameterFacts = { defaults: {}, kinds: {} };

/** How parameters of a tool are compared. */
export function parameterFacts(declared: readonly DeclaredTool[]): (tool: string) => ParameterFacts {
  const facts = new Map<string, ParameterFacts>([
    ...ownTools.map(({ name, parameters }) => [name, factsOf(parameters)] as const),
    ...declared.map(({ name, parameters }) => [name, declaredFacts(parameters)] as const),
  ]);
  return (tool) => facts.get(tool) ?? nothing;
}

function factsOf(parameters: OwnTool["parameters"]): ParameterFacts {
  const entries = Object.entries(parameters);
  return {
    defaults: Object.fromEntries(
      entries.flatMap(([name, { default: one }]) => (one === undefined ? [] : [[name, one]])),
    ),
    kinds: Object.fromEntries(
      entries.flatMap(([name, { compare }]) => (compare === undefined ? [] : [[name, compare]])),
    ),
  };
}

/** Of a schema that somebody else has written only plain defaults are used. */
function declaredFacts({ properties }: Readonly<Record<string, unknown>>): ParameterFacts {
  const defaults = Object.entries(properties ?? {}).flatMap(
    ([name, property]): [string, string | number | boolean][] => {
      const one: unknown = (property as { readonly default?: unknown } | null)?.default;
      return typeof one === "string" || typeof one === "number" || typeof one === "boolean"
        ? [[name, one]]
        : [];
    },
  );
  return { defaults: Object.fromEntries(defaults), kinds: {} };
}
