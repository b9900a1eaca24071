import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StartError, messageOf } from "../../../bench/errors.ts";
import type {
  CommandOutcome,
  ReachedLimit,
  SandboxEnd,
  SandboxLimits,
} from "../../../bench/sandbox/sandbox.ts";
import { removeWorkspace } from "../../../bench/sandbox/remove-workspace.ts";
import type { ProgramProblem } from "../contract/problem.ts";
import { verdicts, type AnswerVerdict } from "../contract/judged.ts";
import type { JudgeContext, ProgramLimits } from "./limits.ts";
import { judgeSource, pythonCommand, pythonEnvironment } from "./python-source.ts";

/** What came of a program and its tests. */
export interface ProgramRun {
  readonly verdict: AnswerVerdict;
  readonly message: string | null;
  readonly tests: { readonly passed: number; readonly total: number } | null;
  readonly stderr: string;
  readonly durationMs: number | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

const saidSchema = z.object({
  verdict: z.enum(verdicts),
  message: z.string().nullable(),
  passed: z.number().int().nonnegative(),
  total: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  facts: z.record(z.string(), z.unknown()),
});

/** The judge ends what is too slow, and adds what it waited for a processor, twice its time at most; this is for where it cannot. */
const limitMs = ({ wallSeconds }: ProgramLimits) => wallSeconds * 3_000 + 3_000;
const stderrKept = 8_000;

/**
 * Runs a program and its tests in a sandbox of their own, in two processes that see nothing of each other but what the tests
 * ask and what the program answers. Never throws for what a program does.
 */
export async function runProgram(
  program: string,
  problem: ProgramProblem,
  context: JudgeContext,
): Promise<ProgramRun> {
  const { name, limits } = context;
  const workspace = join(context.workspaces, name);
  await mkdir(workspace, { recursive: true });
  try {
    await using sandbox = await context.sandboxes.open({
      name,
      workspace,
      readOnly: [],
      network: false,
      limits: sandboxLimits(limits),
      environment: pythonEnvironment,
    });
    const outcome = await sandbox.run(pythonCommand(judgeSource), {
      timeoutMs: limitMs(limits),
      outputBytesMax: limits.outputBytes,
      input: inputOf(program, problem, limits),
      signal: context.signal,
    });
    const end = await Promise.race([sandbox.ended, Promise.resolve(null)]);
    return named(runOf(outcome, end, context), sandbox.limitsReached());
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return fault(messageOf(error));
  } finally {
    await removeWorkspace(workspace);
  }
}

/** Threads are counted as processes, and the judge is one. */
const sandboxLimits = ({ processes, memoryBytes, fileBytes, diskBytes }: ProgramLimits): SandboxLimits => ({
  processes,
  memoryBytes,
  fileBytes,
  diskBytes,
});

/** Two parts, because the program's process is made between them: it must not have read the tests. */
function inputOf(program: string, { prompt, entryPoint, tests }: ProgramProblem, limits: ProgramLimits) {
  const { cpuSeconds, wallSeconds, memoryBytes } = limits;
  const own = { limits: { cpuSeconds, wallSeconds, memoryBytes } };
  const given = {
    ...own,
    program,
    prompt,
    entryPoint,
    form: tests.form,
    setup: tests.form === "check" ? tests.source : tests.setup,
    pieces: tests.form === "check" ? [] : tests.asserts,
  };
  return Buffer.concat([own, given].flatMap(part));
}

function part(value: unknown): readonly Buffer[] {
  const bytes = Buffer.from(JSON.stringify(value));
  return [Buffer.from(`${bytes.length}\n`), bytes];
}

function runOf(
  outcome: CommandOutcome,
  end: SandboxEnd | null,
  { signal, limits }: JudgeContext,
): ProgramRun {
  const stderr = Buffer.from(outcome.stderr).toString();
  const rest = {
    tests: null,
    stderr: stderr.slice(0, stderrKept),
    durationMs: outcome.durationMs,
    facts: {},
  };
  const said = saidOf(outcome.stdout);
  if (outcome.droppedBytes > 0)
    return { ...rest, verdict: "output", message: `it printed more than ${limits.outputBytes} bytes` };
  if (said !== null) {
    const { verdict, message, passed, total, seconds, facts } = said;
    return {
      ...rest,
      verdict,
      message,
      tests: total === 0 ? null : { passed, total },
      durationMs: seconds * 1000,
      facts,
    };
  }
  if (signal.aborted) return fault("the run was stopped");
  if (end?.limit === "memory" || end?.limit === "disk")
    return { ...rest, verdict: end.limit, message: end.message };
  if (end !== null) return { ...rest, verdict: "killed", message: end.message };
  if (outcome.timedOut)
    return {
      ...rest,
      verdict: "timeout",
      message: `its judge was not through after ${limitMs(limits) / 1000} s`,
    };
  return { ...rest, verdict: "killed", message: `its judge was ended: ${endOf(outcome)}` };
}

/** How programs look that a limit has stopped or made fail, in words that do not name it. */
const unnamed: ReadonlySet<AnswerVerdict> = new Set(["exception", "killed", "exited", "timeout"]);

/** Why a program failed where the kernel says which of its limits it has reached. */
function named(run: ProgramRun, reached: readonly ReachedLimit[]): ProgramRun {
  if (reached.length === 0) return run;
  const facts = { ...run.facts, limitsReached: reached };
  const [limit] = reached;
  if (limit === undefined || !unnamed.has(run.verdict)) return { ...run, facts };
  const message = `it reached its limit of ${limit} (${run.verdict}: ${run.message ?? ""})`;
  return { ...run, verdict: limit, message, facts };
}

function endOf({ exitCode, signal }: CommandOutcome): string {
  return signal === null ? `exit code ${exitCode ?? "none"}` : signal;
}

function saidOf(stdout: Uint8Array): z.infer<typeof saidSchema> | null {
  try {
    return saidSchema.parse(JSON.parse(Buffer.from(stdout).toString()));
  } catch {
    return null; // The judge did not come to its end, for a reason that its caller names.
  }
}

function fault(message: string): ProgramRun {
  return { verdict: "sandbox-fault", message, tests: null, stderr: "", durationMs: null, facts: {} };
}
