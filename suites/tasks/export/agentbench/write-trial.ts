import { join } from "node:path";
import { makeFolder } from "../../../../bench/store/make-folder.ts";
import { storing } from "../../../../bench/store/storage-error.ts";
import { writeWhole } from "../../../../bench/store/text-store.ts";
import type { ServingCost, TaskTrial, TriedRun } from "../../attempts/trial.ts";
import { copyOutputs } from "./copy-outputs.ts";
import { reportPage } from "./report-html.ts";
import { reportMarkdown } from "./report-md.ts";
import { agentBenchResults, type AgentBenchResults } from "./results.ts";
import { shownTasks } from "./shown-task.ts";
import { signedText } from "./signature.ts";
import { taskFiles } from "./task-files.ts";

export interface WrittenTrial {
  readonly results: AgentBenchResults;
  /** Relative to the export's folder. */
  readonly names: readonly string[];
  /** Files of workspaces that are not among them, and why. */
  readonly leftOut: readonly string[];
}

/** The folder that AgentBench makes of a run, for one trial. Throws StorageError. */
export async function writeTrial(
  place: { readonly out: string; readonly runId: string },
  { run, trial }: { readonly run: TriedRun; readonly trial: TaskTrial },
  settings: { readonly strict: boolean; readonly serving: ServingCost },
): Promise<WrittenTrial> {
  const folder = join("agentbench-results", place.runId);
  const results = agentBenchResults(run, trial, { ...settings, runId: place.runId });
  const shown = shownTasks(results, trial.tasks);
  const names: string[] = [];
  const leftOut: string[] = [];
  const write = async (name: string, text: string) => {
    const path = join(place.out, name);
    await storing(path, "Cannot write", () => writeWhole(path, text));
    names.push(name);
  };
  await storing(place.out, "Cannot create", () => makeFolder(join(place.out, folder)));
  await write(join(folder, "results.json"), signedText(results));
  await write(join(folder, "report.md"), reportMarkdown(results, shown));
  await write(join(folder, "report.html"), reportPage(results, shown));
  const folders = taskFolders(trial);
  for (const [at, task] of trial.tasks.entries()) {
    const row = results.tasks[at];
    const own = join(folder, folders[at] ?? String(at));
    if (row === undefined) continue;
    await storing(place.out, "Cannot create", () => makeFolder(join(place.out, own)));
    for (const { name, text } of taskFiles(row, task)) await write(join(own, name), text);
    const copied = await copyOutputs(task, {
      to: join(place.out, own, "outputs"),
    });
    names.push(...copied.names.map((name) => join(own, "outputs", name)));
    leftOut.push(...copied.leftOut.map((why) => `${own}: ${why}`));
  }
  return { results, names, leftOut };
}

/** A task's id where it can name a folder and no other task has it; else with its suite, and what no folder may be called taken out. */
export function taskFolders({ tasks }: Pick<TaskTrial, "tasks">): readonly string[] {
  const used = new Set<string>(["results.json", "report.md", "report.html"]);
  return tasks.map(({ record }) => {
    const plain = record.taskId.replaceAll(/[^\w.-]+|^\.+/g, "_").slice(0, 120) || "_";
    const full = `${record.domain}-${plain}`.replaceAll(/[^\w.-]+|^\.+/g, "_").slice(0, 200);
    const numbered = Array.from({ length: tasks.length }, (_, at) => `${full}-${at + 2}`);
    const free = [plain, full, ...numbered].find((name) => !used.has(name)) ?? plain;
    used.add(free);
    return free;
  });
}
