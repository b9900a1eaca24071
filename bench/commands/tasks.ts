import { resolve } from "node:path";
import { Argument, Option, type Command } from "commander";
import { describeTask } from "../../suites/tasks/describe-task.ts";
import {
  everyTask,
  loadTasks,
  ownTasksFolder,
  taskFormats,
  type TaskSelection,
} from "../../suites/tasks/loading.ts";
import type { LoadedSuite } from "../../suites/tasks/contract/loaded-suite.ts";
import type { WorkspaceTask } from "../../suites/tasks/contract/task.ts";
import { printable } from "../report/formats/printable.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { absent } from "../report/tables/number-text.ts";
import { filled, left, right, type Table, type TableOf } from "../report/tables/table.ts";
import { positive } from "./arguments.ts";
import { collect } from "./experiment.ts";
import type { Host } from "./host.ts";

interface SelectionFlags {
  readonly format: TaskSelection["format"];
  readonly fast?: boolean;
  readonly suite: readonly string[];
  readonly task: readonly string[];
  readonly tier: readonly number[];
}

interface ListFlags extends SelectionFlags {
  readonly json?: boolean;
}

interface ShowFlags {
  readonly format: TaskSelection["format"];
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  const tasks = program
    .command("tasks")
    .description("tasks in a workspace: ours, a copy of AgentBench's skill, of ClawBench, or your own");

  tasks
    .command("list")
    .description(
      "list the tasks of a folder, with what they need; exit code 2 when a file of it cannot be used",
    )
    .addArgument(folderArgument())
    .addOption(formatOption())
    .option("--fast", "only easy and medium tasks (AgentBench)")
    .option("--suite <name>", "only this suite, or family of ClawBench; may be repeated", collect, [])
    .option("--task <id>", "only this task; may be repeated", collect, [])
    .addOption(
      new Option("--tier <number>", "only this tier (ClawBench); may be repeated")
        .argParser((text: string, before: readonly number[]) => [...before, positive(text)])
        .default([]),
    )
    .option("--json", "print JSON")
    .action((folder: string | undefined, flags: ListFlags) => {
      const { format, fast = false, suite: suites, task, tier: tiers } = flags;
      const suite = loadTasks(folderOf(host, folder, format), { format, fast, suites, tasks: task, tiers });
      for (const note of suite.notes) host.tell(`note: ${note}`);
      host.print(
        flags.json ? JSON.stringify(listed(suite), null, 2) : renderTable(tableOf(suite), host.columns),
      );
    });

  tasks
    .command("show")
    .description("one task: what the user says, and what is held against the agent")
    .argument("<id>", "the task's id")
    .addArgument(folderArgument())
    .addOption(formatOption())
    .option("--json", "print JSON")
    .action((id: string, given: string | undefined, { format, json }: ShowFlags) => {
      const folder = folderOf(host, given, format);
      const { tasks: found } = loadTasks(folder, { ...everyTask, format, tasks: [id] });
      for (const task of found)
        host.print(json ? JSON.stringify(task, null, 2) : printable(describeTask(task, folder)));
    });
}

function folderArgument(): Argument {
  return new Argument("[folder]", "folder of tasks (default: those that ship with Tollgate)");
}

function formatOption(): Option {
  return new Option("--format <format>", "how the folder is laid out; auto: as it looks")
    .choices(["auto", ...taskFormats])
    .default("auto");
}

function folderOf(host: Host, folder: string | undefined, format: TaskSelection["format"]): string {
  if (folder !== undefined) return resolve(host.workingDirectory, folder);
  return ownTasksFolder(format === "auto" ? "agentbench" : format);
}

const columns: TableOf<WorkspaceTask> = {
  title: "Tasks",
  columns: [
    left("id", ({ id }) => id),
    left("suite", ({ suite }) => suite),
    left("difficulty", ({ difficulty, tier }) => difficulty ?? (tier === null ? absent : `tier ${tier}`)),
    right("turns", ({ turns }) => String(turns.length)),
    right("files", ({ inputs }) => String(inputs.length)),
    left("needs", (task) => needs(task).join(", ") || absent),
  ],
};

function needs({ setup, services, programs, network, browser }: WorkspaceTask): readonly string[] {
  return [
    ...(setup === null ? [] : ["setup.sh"]),
    ...(services.length === 0 ? [] : ["services"]),
    ...programs,
    ...(network ? ["network"] : []),
    ...(browser ? ["browser"] : []),
  ];
}

function tableOf({ name, format, suiteVersion, tasks, tasksTotal }: LoadedSuite): Table {
  const suites = new Set(tasks.map(({ suite }) => suite)).size;
  const version = suiteVersion === null ? "" : ` ${suiteVersion}`;
  return filled({ ...columns, title: `${name}${version} (${format})` }, tasks, [
    `${tasks.length} of ${tasksTotal} tasks, ${suites} ${suites === 1 ? "suite" : "suites"}`,
  ]);
}

function listed({ name, format, suiteVersion, tasks, tasksTotal, notes }: LoadedSuite): object {
  const short = tasks.map((task) => ({
    id: task.id,
    name: task.name,
    suite: task.suite,
    difficulty: task.difficulty,
    tier: task.tier,
    turns: task.turns.length,
    inputs: task.inputs.map(({ to }) => to),
    services: task.services.map((service) => service.name),
    setup: task.setup,
    programs: task.programs,
    network: task.network,
    browser: task.browser,
    timeoutSeconds: task.timeoutMs === null ? null : task.timeoutMs / 1000,
    file: task.file,
  }));
  return { name, format, suiteVersion, tasksTotal, notes, tasks: short };
}
