import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../bench/errors.ts";
import type { TasksSection } from "./contract/section.ts";
import type { WorkspaceTask } from "./contract/task.ts";

/** What the simulated agent plays. */
export interface ChosenScripts {
  /** Absolute, in the order of the tasks. */
  readonly files: readonly string[];
  /** Ids of tasks for which there is none: the simulated agent says so when it is asked. */
  readonly without: readonly string[];
}

/**
 * The script files of a folder's tasks: `scripts/TASK/NAME.json`.
 * @throws {ConfigError} for a task that is not selected, and for a name that no task has
 */
export function chooseScripts(
  folder: string,
  tasks: readonly WorkspaceTask[],
  script: TasksSection["script"],
): ChosenScripts {
  const nameOf = typeof script === "string" ? () => script : byTask(tasks, script);
  const chosen = tasks.map(({ id }) => {
    const file = join(folder, "scripts", id, `${nameOf(id)}.json`);
    return { id, name: nameOf(id), file: existsSync(file) ? file : null };
  });
  for (const { id, name, file } of chosen) {
    const names = file === null ? namesOf(folder, id) : [];
    if (names.length === 0 || name === "") continue;
    throw new ConfigError(
      `Task ${id} has no script ${JSON.stringify(name)} for the simulated agent. It has ${names.join(", ")} (workload.script).`,
    );
  }
  return {
    files: chosen.flatMap(({ file }) => file ?? []),
    without: chosen.flatMap(({ id, file }) => (file === null ? [id] : [])),
  };
}

function byTask(tasks: readonly WorkspaceTask[], script: Readonly<Record<string, string>>) {
  const unknown = Object.keys(script).filter((id) => id !== "*" && !tasks.some((task) => task.id === id));
  if (unknown.length > 0)
    throw new ConfigError(
      `workload.script names ${unknown.join(", ")}, which is not among the selected tasks.`,
    );
  return (id: string) => script[id] ?? script["*"] ?? "good";
}

function namesOf(folder: string, id: string): string[] {
  const place = join(folder, "scripts", id);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => name.endsWith(".json") && name !== "expected.json")
    .map((name) => name.slice(0, -".json".length))
    .toSorted();
}
