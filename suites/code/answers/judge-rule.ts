import type { ChoiceProblem, NumberProblem } from "../contract/problem.ts";
import type { JudgedAnswer, AnswerVerdict } from "../contract/judged.ts";
import { exactNumber, sameNumber } from "./exact-number.ts";
import { extractChoice, letterOf } from "./extract-choice.ts";
import { extractNumber } from "./extract-number.ts";

/** Judges an answer that needs no program. */
export function judgeRule(problem: NumberProblem | ChoiceProblem, said: string): JudgedAnswer {
  const { answer, rule } = problem.kind === "number" ? extractNumber(said) : extractChoice(said, problem);
  const wanted = problem.kind === "number" ? exactNumber(problem.expected) : letterOf(problem.expected);
  const isRight = typeof wanted === "string" || wanted === null ? answer === wanted : isSame(answer, wanted);
  const verdict: AnswerVerdict = answer === null ? without(rule) : isRight ? "passed" : "wrong-answer";
  return {
    answer,
    answerRule: rule,
    verdict: wanted === null ? "test-fault" : verdict,
    passed: wanted === null ? null : verdict === "passed",
    message:
      wanted === null ? `the data set's answer ${JSON.stringify(problem.expected)} is no number` : null,
    ranToEnd: null,
    tests: null,
    stderr: "",
    durationMs: null,
    facts: {},
  };
}

const without = (rule: string): AnswerVerdict =>
  rule === "empty" || rule === "refusal" ? rule : "no-answer";

function isSame(answer: string | null, wanted: NonNullable<ReturnType<typeof exactNumber>>): boolean {
  const given = answer === null ? null : exactNumber(answer);
  return given !== null && sameNumber(given, wanted);
}
