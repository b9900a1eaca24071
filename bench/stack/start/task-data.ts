import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import type { TaskData } from "../../workload/workload.ts";

/** Puts what simulated engines know into a file that is gone with the run, and names it among their flags. */
export async function placedTaskData(
  { taskData, scratchDirectory }: { readonly taskData: TaskData; readonly scratchDirectory: string },
  kind: Experiment["stack"]["kind"],
): Promise<TaskData> {
  const { knowledge, ...rest } = taskData;
  const isSimulated = kind === "embedded" || kind === "process";
  if (knowledge === undefined || !isSimulated) return rest;
  const file = join(scratchDirectory, "knowledge.jsonl");
  await writeFile(file, knowledge, { mode: 0o600 });
  return { ...rest, simulator: [...rest.simulator, ["policy", "knowledge"], ["data", file]] };
}
