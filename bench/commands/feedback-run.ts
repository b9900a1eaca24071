import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import { isOriginalRun } from "../feedback/files/read-feedback-run.ts";
import { exists, readRunJson } from "../store/read-run.ts";

/** Whether a directory is a run of the preference loop: one of ours, or results of the original harness, which have no `run.json`. */
export async function isFeedback(directory: string): Promise<boolean> {
  if (await exists(join(directory, "run.json"))) return (await readRunJson(directory)).feedback !== undefined;
  return (await exists(directory)) && (await isOriginalRun(directory));
}

/** @throws {ConfigError} for a run of the preference loop, in commands that ask for something it does not have */
export async function refuseFeedback(directory: string, what: string): Promise<void> {
  if (!(await isFeedback(directory))) return;
  throw new ConfigError(
    `${directory} is a run of the preference loop, which has no ${what}: see \`tollgate report ${directory}\`, or its steps with \`tollgate view ${directory}\`.`,
  );
}
