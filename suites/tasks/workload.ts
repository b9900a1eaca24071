import type { Workload } from "../../bench/workload/workload.ts";
import { planOf } from "./plan.ts";
import { PreparedTasks } from "./prepared-tasks.ts";
import { tasksSection, type TasksSection } from "./contract/section.ts";

/** Tasks in a workspace: an agent works with its own tools in a sandbox, and rules say what became of it. */
export const tasks: Workload<TasksSection> = {
  specificationVersion: "workload-v2",
  section: tasksSection,
  tools: "workspace",
  plan: async (experiment, context) => planOf(experiment, context),
  prepare: (experiment, context) => PreparedTasks.start(experiment, context),
};
