import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { pythonJson } from "../model/python-text.ts";

/** What the policies need of a tau2 task. */
export interface Scenario {
  readonly domain: string;
  readonly taskId: string;
  /** What the customer opens with. */
  readonly reason: string;
  readonly actions: readonly PlannedAction[];
  /** Strings the agent must say. */
  readonly communicate: readonly string[];
}

export interface PlannedAction {
  readonly actionId: string;
  readonly requestor: "assistant" | "user";
  readonly name: string;
  /** Arguments as Python's json.dumps writes them, numbers as in the task file. */
  readonly argumentsText: string;
  /** null when no schemas were given for the domain. */
  readonly mutatesState: boolean | null;
}

export interface ScenarioBook {
  find(domain: string, taskId: string): Scenario | null;
  readonly domains: readonly string[];
}

export interface ScenarioSource {
  /** Folder that holds `tau2/domains/<domain>/tasks.json`; null = no tasks. */
  readonly data: string | null;
  /** Domains to load; empty = every domain of the folder. */
  readonly domains: readonly string[];
  /** Folder with `schemas_<domain>.json`, or one such file; null = it is not known which tools change state. */
  readonly schemas: string | null;
}

const actionSchema = z.object({
  action_id: z.string(),
  requestor: z.enum(["assistant", "user"]).nullish(),
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
});
const taskSchema = z.object({
  id: z.string(),
  user_scenario: z.object({
    instructions: z.union([z.string(), z.object({ reason_for_call: z.string() })]),
  }),
  evaluation_criteria: z
    .object({
      actions: z.array(actionSchema).nullish(),
      communicate_info: z.array(z.string()).nullish(),
    })
    .nullish(),
});
type RawTask = z.infer<typeof taskSchema>;

const toolFlagSchema = z.array(z.object({ name: z.string(), mutates_state: z.boolean() })).nullish();
const schemasFileSchema = z.object({ domain: z.string(), agent: toolFlagSchema, user: toolFlagSchema });

/** `requestor name` -> whether the tool changes state. */
type MutationTable = ReadonlyMap<string, boolean>;

/** Reads the tasks of the asked domains. Throws ConfigError when a folder or file is missing or has another form. */
export function loadScenarios(source: ScenarioSource): ScenarioBook {
  const { data } = source;
  if (data === null) {
    if (source.domains.length > 0)
      throw new ConfigError("--domain needs --data, the folder that holds tau2/");
    return { domains: [], find: () => null };
  }
  const root = path.join(data, "tau2", "domains");
  const domains = source.domains.length > 0 ? source.domains : domainsIn(root);
  const scenarios = new Map<string, Scenario>();
  for (const domain of domains)
    for (const scenario of loadDomain(root, domain, source.schemas))
      scenarios.set(`${domain}/${scenario.taskId}`, scenario);
  return { domains, find: (domain, taskId) => scenarios.get(`${domain}/${taskId}`) ?? null };
}

function domainsIn(root: string): string[] {
  if (!existsSync(root))
    throw new ConfigError(
      `no folder ${root}: --data must name a folder that holds tau2/domains/<domain>/tasks.json`,
    );
  return readdirSync(root)
    .filter((name) => existsSync(path.join(root, name, "tasks.json")))
    .sort();
}

function loadDomain(root: string, domain: string, schemas: string | null): Scenario[] {
  const mutations = schemas === null ? null : loadMutations(schemas, domain);
  const file = path.join(root, domain, "tasks.json");
  return readJson(file, z.array(taskSchema)).map((task) => scenarioOf(domain, task, mutations));
}

function scenarioOf(domain: string, task: RawTask, mutations: MutationTable | null): Scenario {
  const { instructions } = task.user_scenario;
  const actions = task.evaluation_criteria?.actions ?? [];
  return {
    domain,
    taskId: task.id,
    reason: (typeof instructions === "string" ? instructions : instructions.reason_for_call).trim(),
    actions: actions.map((action) => {
      const requestor = action.requestor ?? "assistant";
      return {
        actionId: action.action_id,
        requestor,
        name: action.name,
        argumentsText: pythonJson(unmarkKeys(JSON.stringify(action.arguments))),
        mutatesState: mutations === null ? null : (mutations.get(`${requestor} ${action.name}`) ?? false),
      };
    }),
    communicate: task.evaluation_criteria?.communicate_info ?? [],
  };
}

function loadMutations(schemas: string, domain: string): MutationTable | null {
  if (!existsSync(schemas)) throw new ConfigError(`--schemas ${schemas}: no such file or folder`);
  const isFolder = statSync(schemas).isDirectory();
  const file = isFolder ? path.join(schemas, `schemas_${domain}.json`) : schemas;
  if (!existsSync(file)) return null;
  const content = readJson(file, schemasFileSchema);
  if (content.domain !== domain) return null;
  const entries = (requestor: string, tools: z.infer<typeof toolFlagSchema>) =>
    (tools ?? []).map((tool) => [`${requestor} ${tool.name}`, tool.mutates_state] as const);
  return new Map([...entries("assistant", content.agent), ...entries("user", content.user)]);
}

/**
 * JavaScript moves keys that look like integers to the front of an object; with a mark before them they stay where the
 * file has them.
 */
const keyMark = "\uE000";
function markKeys(text: string): string {
  return text.replaceAll(/(?<!\\)"(\d+)"(?=\s*:)/g, `"${keyMark}$1"`);
}
function unmarkKeys(text: string): string {
  return text.replaceAll(`"${keyMark}`, '"');
}

/** Numbers become raw JSON, so that `2.0` is still `2.0` when the arguments are written again. */
function keepNumberText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return rawJson(context.source);
}
// Node 24 has it, TypeScript's library does not describe it yet.
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function readJson<T>(file: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`cannot read ${file}: ${String(cause)}`, { cause });
  }
  try {
    return schema.parse(JSON.parse(markKeys(text), keepNumberText));
  } catch (cause) {
    throw new ConfigError(`${file} does not have the form of tau2-bench: ${String(cause)}`, { cause });
  }
}
