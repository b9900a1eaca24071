import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import type { ProgramProblem } from "../../../../suites/code/contract/problem.ts";
import type { JudgedAnswer } from "../../../../suites/code/contract/judged.ts";
import { judgeProgram } from "../../../../suites/code/execution/judge-program.ts";
import { defaultProgramLimits, type JudgeContext } from "../../../../suites/code/execution/limits.ts";
import type { SandboxKind } from "../../../../bench/sandbox/sandbox.ts";
import { factoryOf, testFolder } from "../../../sandbox/kinds.ts";

/** Short limits, so that a test of a limit is short; long enough for a machine that does much else. */
export const testLimits = {
  ...defaultProgramLimits,
  cpuSeconds: 1,
  wallSeconds: 8,
  memoryBytes: 256 * 1024 ** 2,
};

export interface JudgingPlace extends Disposable {
  readonly folder: string;
  readonly context: Omit<JudgeContext, "name">;
  judge(problem: ProgramProblem, program: string, rest?: Partial<JudgeContext>): Promise<JudgedAnswer>;
}

/** Skips the test where this machine has no such sandbox. */
export async function judgingPlace(kind: SandboxKind, context: TestContext): Promise<JudgingPlace> {
  const folder = testFolder();
  const sandboxes = await factoryOf(kind, folder.path);
  if (sandboxes === null) {
    folder[Symbol.dispose]();
    return context.skip(`this machine has no sandbox of kind ${kind}`);
  }
  const workspaces = join(folder.path, "programs");
  mkdirSync(workspaces);
  const lent = { sandboxes, workspaces, limits: testLimits, signal: new AbortController().signal };
  let judged = 0;
  return {
    folder: folder.path,
    context: lent,
    judge: (problem, program, rest) =>
      judgeProgram(problem, `\`\`\`python\n${program}\n\`\`\``, {
        ...lent,
        name: `p${process.pid}-${(judged += 1)}`,
        ...rest,
      }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** The square of a number, with tests that name a word that nothing else here has. */
export const square: ProgramProblem = {
  kind: "program",
  id: "square",
  prompt: 'def square(x: int) -> int:\n    """Return the square of x."""\n',
  entryPoint: "square",
  tests: {
    form: "check",
    source:
      "SECRET_OF_TESTS = 'kumquat-7291'\n\ndef check(candidate):\n    for x in (2, 3, 12):\n        assert candidate(x) == x * x, SECRET_OF_TESTS\n",
  },
};
