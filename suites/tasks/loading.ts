import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { closestWord } from "../../bench/config/closest-word.ts";
import { ConfigError } from "../../bench/errors.ts";
import { isAgentBench, readAgentBench } from "./formats/agentbench/read-suite.ts";
import { isClawBench, readClawBench } from "./formats/clawbench/read-suite.ts";
import { hashOf, kindWithin, type ReadSuite, type ReadTask } from "./formats/suite-folder.ts";
import type { LoadedSuite, TaskFormat } from "./contract/loaded-suite.ts";
import type { WorkspaceTask } from "./contract/task.ts";

export const taskFormats = ["agentbench", "clawbench"] as const satisfies readonly TaskFormat[];

/** Which tasks of a folder are meant; all that are given must hold. */
export interface TaskSelection {
  readonly format: TaskFormat | "auto";
  /** AgentBench: easy and medium tasks only. Says nothing where tasks are named, as in the original. */
  readonly fast: boolean;
  /** Suites (AgentBench), families (ClawBench); empty: all. */
  readonly suites: readonly string[];
  /** Ids; empty: all. */
  readonly tasks: readonly string[];
  /** ClawBench's tiers; empty: all. */
  readonly tiers: readonly number[];
}

export const everyTask: TaskSelection = { format: "auto", fast: false, suites: [], tasks: [], tiers: [] };

/** Tasks that ship with Tollgate. */
export function ownTasksFolder(format: TaskFormat): string {
  return join(import.meta.dirname, "own", format);
}

/**
 * Reads a folder of tasks and takes those that are meant.
 * @throws {ConfigError} with file and line for a file that cannot be used, and for a selection that fits nothing
 */
export function loadTasks(folder: string, selection: TaskSelection): LoadedSuite {
  const root = resolve(folder);
  if (!existsSync(root)) throw new ConfigError(`The folder of tasks ${folder} is not there.`);
  if (kindWithin(root, root) !== "folder")
    throw new ConfigError(`${folder} is a file; give the folder of tasks that it belongs to.`);
  const format = selection.format === "auto" ? formatOf(root) : selection.format;
  const suite = readers[format].read(root);
  checkIds(suite);
  if (suite.tasks.length === 0)
    throw new ConfigError(`${folder} holds no tasks in the format ${format}: ${readers[format].layout}`);
  const selected = select(suite, selection, folder);
  return {
    name: suite.name,
    format,
    suiteVersion: suite.suiteVersion,
    tasks: selected.map(({ task }) => task),
    tasksTotal: suite.tasks.filter(({ official }) => official).length,
    furtherTasks: selected.filter(({ official }) => !official).length,
    hashes: Object.fromEntries(selected.map(({ task, files }) => [placeOf(task, root), hashOf(files, root)])),
    notes: [...suite.notes, ...selected.flatMap(({ notes }) => notes)],
  };
}

const readers: Readonly<
  Record<
    TaskFormat,
    {
      readonly fits: (folder: string) => boolean;
      readonly read: (folder: string) => ReadSuite;
      readonly layout: string;
    }
  >
> = {
  agentbench: { fits: isAgentBench, read: readAgentBench, layout: "tasks/SUITE/TASK/task.yaml" },
  clawbench: { fits: isClawBench, read: readClawBench, layout: "tier1/TASK.yaml … tier5/TASK.yaml" },
};

function formatOf(root: string): TaskFormat {
  const fitting = taskFormats.filter((format) => readers[format].fits(root));
  const [first, second] = fitting;
  if (first !== undefined && second === undefined) return first;
  const layouts = taskFormats.map((format) => `${format} (${readers[format].layout})`).join(" or ");
  throw new ConfigError(
    first === undefined
      ? `${root} is no folder of tasks: it must be laid out as ${layouts}.`
      : `${root} holds tasks in two formats; say which is meant: format: ${fitting.join(" or format: ")}.`,
  );
}

/** Ids name tasks in records, on the command line and in exports. */
function checkIds({ tasks }: ReadSuite): void {
  const files = new Map<string, string>();
  for (const { task } of tasks) {
    const other = files.get(task.id);
    if (other !== undefined)
      throw new ConfigError(
        `Two tasks have the id ${task.id}: ${other} and ${task.file}. Rename one of them.`,
      );
    files.set(task.id, task.file);
  }
}

function select(suite: ReadSuite, selection: TaskSelection, folder: string): readonly ReadTask[] {
  const { fast, suites, tasks, tiers } = selection;
  const all = suite.tasks.map(({ task }) => task);
  const official = suite.tasks.filter((one) => one.official).map(({ task }) => task);
  checkNames(
    "task",
    tasks,
    all.map(({ id }) => id),
  );
  checkNames(
    "suite",
    suites,
    all.map((task) => task.suite),
  );
  if (fast && tasks.length === 0)
    checkKnown(official, "difficulty", "fast needs tasks that state a difficulty");
  if (tiers.length > 0) checkKnown(official, "tier", "tier needs tasks that state one");
  const selected = suite.tasks.filter(
    ({ task, official: isOfficial }) =>
      (tasks.length === 0 ? isOfficial && (!fast || isFast(task)) : tasks.includes(task.id)) &&
      (suites.length === 0 || suites.includes(task.suite)) &&
      (tiers.length === 0 || (task.tier !== null && tiers.includes(task.tier))),
  );
  if (selected.length > 0) return selected;
  throw new ConfigError(
    `No task of ${folder} is ${asked(selection)}. \`tollgate tasks list ${folder}\` shows what there is.`,
  );
}

const isFast = ({ difficulty }: WorkspaceTask) => difficulty === "easy" || difficulty === "medium";

function checkNames(what: string, asked: readonly string[], known: readonly string[]): void {
  for (const name of asked) {
    if (known.includes(name)) continue;
    const names = [...new Set(known)];
    const near = closestWord(name, names);
    const hint = near === null ? `There are: ${names.slice(0, 50).join(", ")}` : `Did you mean ${near}?`;
    throw new ConfigError(`No ${what} is called ${JSON.stringify(name)}. ${hint}`);
  }
}

function checkKnown(tasks: readonly WorkspaceTask[], key: "difficulty" | "tier", needs: string): void {
  if (tasks.every((task) => task[key] === null))
    throw new ConfigError(`${needs}, and none of these ${tasks.length} tasks does.`);
}

function asked({ fast, suites, tasks, tiers }: TaskSelection): string {
  return [
    ...(tasks.length > 0 ? [`called ${tasks.join(" or ")}`] : []),
    ...(suites.length > 0 ? [`of suite ${suites.join(" or ")}`] : []),
    ...(tiers.length > 0 ? [`of tier ${tiers.join(" or ")}`] : []),
    ...(fast && tasks.length === 0 ? ["easy or medium"] : []),
  ].join(" and ");
}

/** `tasks/memory/two-turns`, `tier1/t1-note.yaml` */
function placeOf({ file }: WorkspaceTask, root: string): string {
  return relative(root, file.endsWith("task.yaml") ? dirname(file) : file);
}
