import type { ScoreName, Scores } from "../../../bench/workload/workload.ts";
import type { CodeProblem } from "../contract/problem.ts";
import type { JudgedAnswer } from "../contract/judged.ts";

/** What samples of a kind of problem are scored by, the reward first. */
export function scoreNamesOf(kind: CodeProblem["kind"], form?: "check" | "asserts"): readonly ScoreName[] {
  const passed: ScoreName = {
    name: "passed",
    heading: "passed",
    meaning:
      kind === "program"
        ? "Share of samples whose program passes all tests."
        : "Share of samples that are right.",
  };
  if (kind !== "program") return [passed];
  const executed: ScoreName = {
    name: "executed",
    heading: "executed",
    meaning:
      "Share of samples whose program ran to the end of its tests, right or wrong (execution accuracy).",
  };
  const asserts: ScoreName = {
    name: "asserts",
    heading: "asserts",
    meaning: "Mean share of a problem's asserts that a program passes.",
  };
  return form === "asserts" ? [passed, executed, asserts] : [passed, executed];
}

/** What one sample is worth. Where nobody could judge there is no value; where there was nothing to run nothing ran. */
export function scoresOf(judged: JudgedAnswer, problem: CodeProblem): Scores {
  const { verdict, passed, ranToEnd, tests } = judged;
  const parts = passed === null ? null : [verdict];
  const reward = {
    name: "passed",
    value: passed === null ? null : Number(passed),
    passed,
    parts,
    details: whyOf(judged),
  };
  if (problem.kind !== "program") return [reward];
  const ran = passed === null ? null : ranToEnd === true;
  const executed = {
    name: "executed",
    value: ran === null ? null : Number(ran),
    passed: ran,
    parts,
    details: null,
  };
  if (problem.tests.form !== "asserts") return [reward, executed];
  const share = passed === null ? null : tests === null ? 0 : tests.passed / tests.total;
  return [
    reward,
    executed,
    { name: "asserts", value: share, passed: share === null ? null : share === 1, parts, details: tests },
  ];
}

const stderrCharacters = 1000;

/** For whoever looks at one episode; all of it is in the sample's line. */
function whyOf({ verdict, answerRule, message, tests, stderr }: JudgedAnswer) {
  return {
    verdict,
    answerRule,
    ...(message !== null && { message }),
    ...(tests !== null && { tests }),
    ...(stderr !== "" && { stderr: stderr.slice(0, stderrCharacters) }),
  };
}
