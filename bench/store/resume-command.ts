import { shellLine } from "../host/shell-words.ts";

/** Commands that can go on with a run. */
const resumable = new Set(["sweep", "collect"]);
/** Options that belong to one call and not to the run; true: with a value. */
const ofOneCall: Readonly<Record<string, boolean>> = {
  "--resume": true,
  "--redo": true,
  "--budget": true,
  "--detach": false,
};

/**
 * The command that goes on with a run, from the arguments that started it; null where nothing can. It can be pasted into a shell in
 * the folder in which the run was started.
 */
export function resumeCommand(
  argv: readonly string[],
  directory: string,
  more: readonly string[] = [],
): string | null {
  const [command = ""] = argv;
  if (!resumable.has(command)) return null;
  const kept = argv.filter((word, index) => {
    const before = argv[index - 1];
    const [name = ""] = word.split("=");
    return !(name in ofOneCall) && !(before !== undefined && ofOneCall[before] === true);
  });
  return shellLine(["tollgate", ...kept, "--resume", directory, ...more]);
}
