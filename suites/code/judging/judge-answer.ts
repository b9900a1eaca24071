import { endedAtLimit } from "../../../bench/answer/complete.ts";
import type { CodeProblem } from "../contract/problem.ts";
import type { JudgedAnswer } from "../contract/judged.ts";
import { judgeRule } from "../answers/judge-rule.ts";
import { judgeProgram } from "../execution/judge-program.ts";
import type { JudgeContext } from "../execution/limits.ts";

/** What came from a model. */
export interface Said {
  readonly text: string;
  /** As the service gave it. */
  readonly finishReason: string | null;
}

/** Judges one answer. Where nothing was found because the model was cut off, the verdict says so. */
export async function judgeAnswer(
  problem: CodeProblem,
  { text, finishReason }: Said,
  context: JudgeContext,
): Promise<JudgedAnswer> {
  const judged =
    problem.kind === "program" ? await judgeProgram(problem, text, context) : judgeRule(problem, text);
  const wasCut = endedAtLimit(finishReason) && judged.answer === null;
  return wasCut ? { ...judged, verdict: "length" } : judged;
}
