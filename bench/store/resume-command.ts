import { shellLine } from "../host/shell-words.ts";

/** Commands that can go on with a run. */
const resumable = new Set(["sweep", "collect", "capacity", "feedback", "resume"]);

/**
 * The command that goes on with a run; null where nothing can. It can be pasted into a shell in any folder: everything else is in
 * the run directory.
 * @param argv that started the run
 */
export function resumeCommand(
  argv: readonly string[],
  directory: string,
  more: readonly string[] = [],
): string | null {
  const [command = ""] = argv;
  return resumable.has(command) ? shellLine(["tollgate", "resume", directory, ...more]) : null;
}
