import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../../../bench/errors.ts";
import type { CommandOutcome, EnterOptions, Sandbox, SandboxEnd } from "../../../../bench/sandbox/sandbox.ts";
import type { TaskFinding } from "../../contract/observation.ts";
import { probeFor } from "../../contract/program-probe.ts";
import type { CheckedWorkspace } from "./checks.ts";
import { fails, undecided, type Held } from "./scope.ts";

/** A check looks for words or compares a result; nothing that it could find stands behind so much. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** Of each stream in a finding. */
const SHOWN_CHARACTERS = 2_000;
const PROBE_TIMEOUT_MS = 30_000;

export interface RanCheck {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not run: the sandbox is gone. null: it ran. */
  readonly gone: SandboxEnd | null;
}

/**
 * What a check that could not run says of the agent's work: nothing, unless a limit that was passed in the sandbox had ended
 * it. Whoever fills the disk would else be spared the checks that he fails.
 */
export function heldWithout({ limit, message }: SandboxEnd): Held {
  return limit === null ? undecided(message) : fails(message);
}

export interface CommandCheck extends EnterOptions {
  readonly timeoutMs: number;
}

/** Runs a check's command inside, whatever the agent left there. */
export async function runCheck(
  { sandbox, signal }: CheckedWorkspace,
  command: readonly string[],
  options: CommandCheck,
): Promise<RanCheck> {
  const before = await endOf(sandbox);
  if (before !== null) return notRun(before);
  let outcome: CommandOutcome;
  try {
    outcome = await sandbox.run(command, { ...options, outputBytesMax: OUTPUT_BYTES_MAX, signal });
  } catch (error) {
    signal.throwIfAborted();
    return notRun({ limit: null, message: messageOf(error) });
  }
  signal.throwIfAborted();
  const after = await endOf(sandbox);
  if (after !== null) return notRun(after);
  // A sandbox that is closed starts nothing, which takes no time, and says why in place of an output.
  if (outcome.exitCode === null && outcome.durationMs === 0)
    return notRun({ limit: null, message: decoded(outcome.stderr).trim() });
  const { exitCode, timedOut } = outcome;
  return {
    exitCode,
    timedOut,
    stdout: decoded(outcome.stdout),
    stderr: decoded(outcome.stderr),
    gone: null,
  };
}

const notRun = ({ limit, message }: SandboxEnd): RanCheck => ({
  exitCode: null,
  timedOut: false,
  stdout: "",
  stderr: "",
  gone: { limit, message: `the sandbox was ended: ${message}` },
});

/** Why a sandbox was ended, if it was: null while it is open. */
async function endOf(sandbox: Sandbox): Promise<SandboxEnd | null> {
  return await Promise.race([sandbox.ended, setImmediate(null)]);
}

const decoded = (bytes: Uint8Array): string => new TextDecoder("utf-8").decode(bytes);

/** Its exit code and the ends of what it wrote, as a finding keeps them. */
export function shownCommand({ exitCode, stdout, stderr }: RanCheck): NonNullable<TaskFinding["command"]> {
  return { exitCode, stdout: endOfText(stdout), stderr: endOfText(stderr) };
}

function endOfText(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `…${text.slice(-SHOWN_CHARACTERS)}`;
}

/**
 * A program or Python module that a failed command needs and that this machine lacks; null: it has them all, so that the
 * agent failed. Asked inside, away from the workspace and from what an agent could have put into its home.
 */
export async function missingProgram(workspace: CheckedWorkspace, command: string): Promise<string | null> {
  const needed = workspace.task.programs.filter((program) => mentions(command, program));
  for (const program of needed) {
    const options = { directory: "/", timeoutMs: PROBE_TIMEOUT_MS };
    const ran = await runCheck(workspace, probeFor(program), options);
    if (ran.gone === null && ran.exitCode !== 0) return program;
  }
  return null;
}

/** Whether a command line uses a program, as a word of its own; `python3 -m pytest` also where it is started as `pytest`. */
function mentions(command: string, program: string): boolean {
  const words = command.split(/[\s;&|()<>"'`$]+/u);
  return program.split(/\s+/u).every((word) => words.includes(word));
}
