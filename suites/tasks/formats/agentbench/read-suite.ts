import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { ConfigError, messageOf } from "../../../../bench/errors.ts";
import type { WorkspaceTask } from "../../contract/task.ts";
import { programsOf } from "../programs.ts";
import { filesWithin, inputsIn, kindWithin, type ReadSuite, type ReadTask } from "../suite-folder.ts";
import { readTaskFile, readText, readWith } from "../task-file.ts";
import { profileOf, turnsOf, validatorsOf } from "./profile.ts";
import { skillSchema, taskSchema, type AgentBenchFile } from "./task-schema.ts";

/** Whether a folder looks like a skill of AgentBench: `tasks/SUITE/TASK/task.yaml`. */
export function isAgentBench(folder: string): boolean {
  return taskFolders(folder).some(({ hasTask }) => hasTask);
}

/**
 * Every task of a folder in AgentBench's format, in the order of their folders.
 * @throws {ConfigError} for the first file that cannot be used
 */
export function readAgentBench(folder: string): ReadSuite {
  const found = taskFolders(folder);
  const tasks = found.filter(({ hasTask }) => hasTask).map(({ path }) => readTask(path, folder));
  const without = found.filter(({ hasTask }) => !hasTask);
  return {
    ...skillOf(folder),
    tasks,
    notes: without.map(({ path }) => `${relative(folder, path)} has no task.yaml and is left out`),
  };
}

interface TaskFolder {
  readonly path: string;
  readonly hasTask: boolean;
}

function taskFolders(folder: string): readonly TaskFolder[] {
  const tasks = join(folder, "tasks");
  return foldersIn(tasks, folder)
    .flatMap((suite) => foldersIn(suite, folder))
    .map((path) => ({ path, hasTask: existsSync(join(path, "task.yaml")) }));
}

function foldersIn(parent: string, root: string): readonly string[] {
  if (!existsSync(parent) || kindWithin(parent, root) !== "folder") return [];
  return readdirSync(parent)
    .filter((name) => !name.startsWith("."))
    .toSorted()
    .map((name) => join(parent, name))
    .filter((path) => kindWithin(path, root) === "folder");
}

function skillOf(folder: string): Pick<ReadSuite, "name" | "suiteVersion"> {
  const file = join(folder, "skill.json");
  if (!existsSync(file)) return { name: basename(folder), suiteVersion: null };
  const parsed = skillSchema.safeParse(jsonOf(file));
  if (!parsed.success)
    throw new ConfigError(
      `${file} cannot be used: ${parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`).join("; ")}`,
    );
  return { name: parsed.data.name ?? basename(folder), suiteVersion: parsed.data.suite_version ?? null };
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${file} is not valid JSON: ${messageOf(cause)}`, { cause });
  }
}

function readTask(path: string, root: string): ReadTask {
  const name = join(path, "task.yaml");
  kindWithin(name, root);
  const file = readTaskFile(name, "1.2");
  const { value, unknown } = readWith(file, taskSchema);
  const setup = scriptIn(path, "setup.sh");
  const teardown = scriptIn(path, "teardown.sh");
  const task: WorkspaceTask = {
    id: value.id,
    name: value.name ?? value.id,
    suite: value.suite ?? basename(dirname(path)),
    version: value.version ?? null,
    file: name,
    description: value.description ?? "",
    difficulty: value.difficulty ?? null,
    tier: null,
    inputs: inputsIn(join(path, "inputs"), path),
    setup,
    teardown,
    services: [],
    turns: turnsOf(value),
    timeoutMs: value.timeout_seconds === undefined ? null : value.timeout_seconds * 1000,
    network: value.network ?? false,
    browser: value.browser ?? false,
    programs: programsNeeded(value, [setup, teardown]),
    profile: profileOf(value),
    unknown,
  };
  const missing = missingInputs(task, value);
  const notes = missing.map((input) => `${name}: ${input} is among its input_files and not in inputs/`);
  return { task, files: filesWithin(path, path), official: true, notes };
}

function scriptIn(path: string, name: string): string | null {
  const script = join(path, name);
  if (!existsSync(script)) return null;
  if (kindWithin(script, path) === "file") return script;
  throw new ConfigError(`${script} is a folder; it must be a shell script.`);
}

/**
 * An input that is named and is not there, where no script could make it. It is no error: the suite's own authors have done so,
 * and the agent is then asked about a file that it cannot find.
 */
function missingInputs(
  { setup, inputs }: WorkspaceTask,
  { input_files: named }: AgentBenchFile,
): readonly string[] {
  if (setup !== null) return [];
  const names = (named ?? []).map((input) => (typeof input === "string" ? input : input.name));
  return names.filter((name) => !inputs.some(({ to }) => to === name || to.startsWith(`${name}/`)));
}

function programsNeeded(task: AgentBenchFile, scripts: readonly (string | null)[]): readonly string[] {
  const written = scripts.filter((script) => script !== null);
  const validators = validatorsOf(task);
  const commands = validators.flatMap((one) => (one.type === "command-output-contains" ? [one.command] : []));
  const git = validators.some(({ type }) => type === "git-log-contains") ? ["git"] : [];
  const bash = written.length > 0 ? ["bash"] : [];
  const started = [...written.map(readText), ...commands].flatMap(programsOf);
  return [...new Set([...bash, ...git, ...started, ...(task.programs ?? [])])].toSorted();
}
