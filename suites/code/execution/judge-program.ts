import type { ProgramProblem } from "../contract/problem.ts";
import type { JudgedAnswer, AnswerVerdict } from "../contract/judged.ts";
import { isNobodysFault } from "../contract/judged.ts";
import { extractProgram } from "../answers/extract-program.ts";
import { wholeProgram } from "../answers/whole-program.ts";
import type { JudgeContext } from "./limits.ts";
import { runProgram } from "./run-program.ts";

/** Takes the code from what a model said, and runs it with the tests of its problem. */
export async function judgeProgram(
  problem: ProgramProblem,
  said: string,
  context: JudgeContext,
): Promise<JudgedAnswer> {
  const { answer, rule } = extractProgram(said, problem);
  if (answer === null)
    return {
      answer,
      answerRule: rule,
      verdict: rule === "empty" || rule === "refusal" ? rule : "no-answer",
      passed: false,
      message: null,
      ranToEnd: null,
      tests: null,
      stderr: "",
      durationMs: null,
      facts: {},
    };
  const run = await runProgram(wholeProgram(answer, rule, problem), problem, context);
  return {
    ...run,
    answer,
    answerRule: rule,
    passed: isNobodysFault(run.verdict) ? null : run.verdict === "passed",
    ranToEnd: isNobodysFault(run.verdict) ? null : ranToEnd(run.verdict),
  };
}

const ranToEnd = (verdict: AnswerVerdict) => verdict === "passed" || verdict === "wrong-answer";
