import type { WorkspaceTask } from "./task.ts";

/** What a folder of tasks is laid out as. */
export type TaskFormat = WorkspaceTask["profile"]["format"];

/** The tasks that are meant, of one folder. */
export interface LoadedSuite {
  readonly name: string;
  readonly format: TaskFormat;
  readonly suiteVersion: string | null;
  readonly tasks: readonly WorkspaceTask[];
  /** Of all tasks that the suite has, selected or not. */
  readonly tasksTotal: number;
  /** How many of the selected ones are none of these, because they are run by name only. */
  readonly furtherTasks: number;
  /** One sha256 of each selected task's files, by where it lies in the folder. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What a person should know, one line each. */
  readonly notes: readonly string[];
}
