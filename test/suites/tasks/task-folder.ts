import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { everyTask, loadTasks, type TaskSelection } from "../../../suites/tasks/loading.ts";
import type { LoadedSuite } from "../../../suites/tasks/contract/loaded-suite.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, by path. */
export function folderOf(files: Files): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

export function load(files: Files, selection: Partial<TaskSelection> = {}): LoadedSuite {
  using folder = folderOf(files);
  return loadTasks(folder.path, { ...everyTask, ...selection });
}

/** What a person reads, without the folder. */
export function refusal(files: Files, selection: Partial<TaskSelection> = {}): string {
  using folder = folderOf(files);
  try {
    loadTasks(folder.path, { ...everyTask, ...selection });
  } catch (error) {
    return String(error).replaceAll(`${folder.path}/`, "");
  }
  return "loaded";
}
