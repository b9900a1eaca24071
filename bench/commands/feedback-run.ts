import { ConfigError } from "../errors.ts";
import { isFeedbackRun } from "../feedback/files/read-feedback-run.ts";

/** @throws {ConfigError} for a run of the preference loop, in commands that ask for something it does not have */
export async function refuseFeedback(directory: string, what: string): Promise<void> {
  if (!(await isFeedbackRun(directory))) return;
  throw new ConfigError(
    `${directory} is a run of the preference loop, which has no ${what}: see \`tollgate report ${directory}\`, or its steps with \`tollgate view ${directory}\`.`,
  );
}
