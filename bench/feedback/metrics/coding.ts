import type { ProgramProblem } from "../../../suites/code/contract/problem.ts";
import { judgeProgram } from "../../../suites/code/execution/judge-program.ts";
import { defaultProgramLimits } from "../../../suites/code/execution/limits.ts";
import type { MetricContext } from "./metric.ts";

export const codingPrompt =
  "Write a Python function fibonacci(n) that returns the nth Fibonacci number, where fibonacci(0) is 0 and fibonacci(1) is 1. " +
  "Use a loop and no recursion, and give the function a docstring.";

const problem: ProgramProblem = {
  kind: "program",
  id: "fibonacci",
  prompt: "",
  entryPoint: "fibonacci",
  tests: {
    form: "check",
    source:
      "def check(candidate):\n    assert candidate(0) == 0\n    assert candidate(1) == 1\n    assert candidate(10) == 55\n",
  },
};

export interface JudgedCoding {
  /** null: the program could not be run here. */
  readonly correct: boolean | null;
  readonly hasDocstring: boolean;
  /** As `suites/code` names it, e.g. `wrong-answer`. */
  readonly verdict: string;
  readonly message: string | null;
}

/** Runs the program of an answer without thoughts in a sandbox. */
export async function judgeCoding(said: string, context: MetricContext): Promise<JudgedCoding> {
  const { sandbox, scratchDirectory, preference, baseline, step, signal } = context;
  const at = baseline === null ? "baseline" : `step-${step}`;
  const { answer, passed, verdict, message } = await judgeProgram(problem, said, {
    sandboxes: sandbox,
    workspaces: scratchDirectory,
    name: `coding-${preference.name.toLowerCase().replaceAll("_", "-")}-${at}`,
    limits: defaultProgramLimits,
    signal,
  });
  signal.throwIfAborted();
  return { correct: passed, hasDocstring: /"""|'''/.test(answer ?? ""), verdict, message };
}
