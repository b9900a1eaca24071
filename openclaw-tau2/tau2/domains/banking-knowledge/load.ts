import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../../bench/errors.ts";
import type { EnvironmentOptions, LoadedDomain, Task } from "../../contract/domain.ts";
import type { LoadOptions } from "../../contract/load-options.ts";
import { parseTask } from "../../tasks/task.ts";
import { readUserGuidelines, USER_GUIDELINE_FILES, userSystemPrompt } from "../../text/user-prompt.ts";
import { BridgedEnvironment } from "./bridged-environment.ts";
import { childArguments, type PythonChild } from "./python-child.ts";
import { childReplySchema, PythonBridge } from "./python-bridge.ts";

const folder = "tau2/domains/banking_knowledge";
const toolSchema = z.object({
  name: z.string(),
  type: z.enum(["read", "write", "think", "generic"]),
  mutatesState: z.boolean(),
  openaiJson: z.string(),
});
const descriptionSchema = z.object({
  /** Versions that run the tools. */
  python: z.string(),
  pydantic: z.string(),
  policy: z.string(),
  agent: z.array(toolSchema),
  user: z.array(toolSchema),
});
type Description = z.infer<typeof descriptionSchema>;

/**
 * tau2's banking_knowledge, whose tools run in the checkout's own Python: 58 tools behind wrappers, a query language and
 * `strptime` are not worth a port. Everything around them is ours, the evaluator too. A Python process is started here
 * for the policy and the schemas, and another one when the first environment is made.
 * @throws {ConfigError} when the checkout, its data, Python or one of its packages is missing.
 */
export function loadBankingKnowledge(options: LoadOptions): LoadedDomain {
  const child = childOf(options);
  const description = describe(child);
  const tools = new Map([...description.user, ...description.agent].map((tool) => [tool.name, tool]));
  const mutating = new Map([...tools].map(([name, { mutatesState }]) => [name, mutatesState]));
  const guidelines = readUserGuidelines(options.dataDirectory);
  const environments = new EnvironmentMaker(child, mutating);
  return {
    name: "banking_knowledge",
    policy: description.policy,
    agentToolsJson: toolsJson(description.agent),
    userToolsJson: toolsJson(description.user),
    tasks: readTasks(options.dataDirectory, description.user),
    splits: new Map(),
    createEnvironment: (wanted) => environments.make(wanted),
    userSystemPrompt: (task) => userSystemPrompt({ guidelines, task, hasUserTools: task.hasUserTools }),
    forTask: (task) => ({
      policy: child.variant === "golden_retrieval" ? environments.policy(task) : description.policy,
      userToolsJson: toolsJson(offeredTo(task.text, description.user)),
    }),
    facts: {
      pythonVersion: description.python,
      pydanticVersion: description.pydantic,
      retrieval: child.variant,
    },
    fileHashes: hashFiles(options.dataDirectory),
    toolType: (name) => tools.get(name)?.type ?? null,
  };
}

/** Makes environments in a Python child that starts with the first of them, and again after one was lost. */
class EnvironmentMaker {
  readonly #child: PythonChild;
  readonly #mutating: ReadonlyMap<string, boolean>;
  #bridge: PythonBridge | null = null;
  #made = 0;
  /** The child forgets an environment when nobody here can ask about it any more. */
  readonly #dropped = new FinalizationRegistry<{ bridge: PythonBridge; number: number }>(
    ({ bridge, number }) => bridge.forget(number),
  );

  constructor(child: PythonChild, mutating: ReadonlyMap<string, boolean>) {
    this.#child = child;
    this.#mutating = mutating;
  }

  make({ solo = false, task }: EnvironmentOptions = {}): BridgedEnvironment {
    if (solo) throw new ConfigError("Domain banking_knowledge has no solo mode. Leave solo mode off.");
    this.#made += 1;
    const parts = { bridge: this.#usableBridge(), number: this.#made, mutating: this.#mutating };
    const environment = new BridgedEnvironment(parts, task?.text ?? null);
    this.#dropped.register(environment, { bridge: parts.bridge, number: parts.number });
    return environment;
  }

  policy(task: Task): string {
    return z.string().parse(this.#usableBridge().request("policy", { task: task.text }));
  }

  #usableBridge(): PythonBridge {
    if (this.#bridge?.usable !== true) this.#bridge = new PythonBridge(this.#child);
    return this.#bridge;
  }
}

function childOf(options: LoadOptions): PythonChild {
  const { checkout, dataDirectory, python = "python3", retrieval = "no_knowledge" } = options;
  if (typeof checkout !== "string" || !existsSync(join(checkout, "src", folder, "environment.py"))) {
    throw new ConfigError(
      `banking_knowledge runs in the Python of a tau2-bench checkout, and ${checkout ?? "none"} is not one that has it. Set workload.checkout or TAU2_CHECKOUT.`,
    );
  }
  if (!existsSync(join(dataDirectory, folder, "tasks"))) {
    throw new ConfigError(
      `No domain banking_knowledge in ${dataDirectory}: ${folder}/tasks is missing. Give data/ of the checkout.`,
    );
  }
  return { python, checkout, dataDirectory, variant: retrieval, environment: options.environment ?? {} };
}

function describe(child: PythonChild): Description {
  const request = `${JSON.stringify({ op: "describe" })}\n`;
  const { error, status, stdout, stderr } = spawnSync(child.python, childArguments(child), {
    input: request,
    env: child.environment,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(
      `banking_knowledge cannot be run by ${child.python}: ${why}. Name an interpreter that can (workload.python).`,
      { cause },
    );
  if (error !== undefined) throw refuse(messageOf(error), error);
  if (status !== 0) throw refuse(stderr.trim().split("\n").slice(-3).join(" "));
  const reply = childReplySchema.parse(JSON.parse(stdout));
  if ("raised" in reply) throw refuse(`${reply.raised.type}: ${reply.raised.message}`);
  return descriptionSchema.parse(reply.value);
}

function toolsJson(tools: readonly { readonly openaiJson: string }[]): string {
  return `[${tools.map(({ openaiJson }) => openaiJson).join(",")}]`;
}

const offerSchema = z.object({ user_tools: z.array(z.string()).nullish() });

/** The user tools that a task offers: those it lists, or all. */
function offeredTo(taskText: string, tools: Description["user"]): Description["user"] {
  const listed = offerSchema.parse(JSON.parse(taskText)).user_tools;
  return listed == null ? tools : tools.filter(({ name }) => listed.includes(name));
}

/** tau2 reads the folder, not the file of the same name, which may be older. */
function readTasks(dataDirectory: string, userTools: Description["user"]): Task[] {
  return globSync("task_*.json", { cwd: join(dataDirectory, folder, "tasks") })
    .sort()
    .map((name) => {
      const path = join(dataDirectory, folder, "tasks", name);
      try {
        const task = parseTask(readFileSync(path, "utf8"), true);
        return { ...task, hasUserTools: offeredTo(task.text, userTools).length > 0 };
      } catch (error) {
        throw new ConfigError(`Cannot read the task ${path}: ${messageOf(error)}. Fetch the file again.`, {
          cause: error,
        });
      }
    });
}

/** sha256 of the database and the guidelines, and one over all tasks, documents and prompts. */
function hashFiles(dataDirectory: string): Record<string, string> {
  const sha256 = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(dataDirectory, file)))
      .digest("hex");
  const many = globSync("{tasks,documents,prompts}/**/*.{json,md}", { cwd: join(dataDirectory, folder) });
  const all = createHash("sha256");
  for (const name of many.sort()) all.update(`${name} ${sha256(join(folder, name))}\n`);
  const single = [`${folder}/db.json`, ...Object.values(USER_GUIDELINE_FILES)];
  return {
    ...Object.fromEntries(single.map((file) => [file, sha256(file)])),
    [`${folder}/{tasks,documents,prompts}`]: all.digest("hex"),
  };
}
