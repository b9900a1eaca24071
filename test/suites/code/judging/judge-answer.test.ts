import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verdicts, type JudgedAnswer } from "../../../../suites/code/contract/judged.ts";
import type { CodeProblem, ProgramProblem } from "../../../../suites/code/contract/problem.ts";
import { defaultProgramLimits, type JudgeContext } from "../../../../suites/code/execution/limits.ts";
import { judgeAnswer } from "../../../../suites/code/judging/judge-answer.ts";
import { scoreNamesOf, scoresOf } from "../../../../suites/code/judging/scores.ts";

/** For answers of which nothing is run. */
const nowhere: JudgeContext = {
  sandboxes: { kind: "none", facts: {}, open: () => expect.fail("something was run") },
  workspaces: "/nonexistent",
  name: "n",
  limits: defaultProgramLimits,
  signal: new AbortController().signal,
};
const sum: CodeProblem = { kind: "number", id: "n", expected: "7" };
const program: ProgramProblem = {
  kind: "program",
  id: "p",
  prompt: "",
  entryPoint: "f",
  tests: { form: "asserts", setup: "", asserts: ["assert f() == 1", "assert f() == 2"] },
};
const checked: ProgramProblem = {
  ...program,
  tests: { form: "check", source: "def check(candidate): pass" },
};

describe("an answer that was cut off is told apart", () => {
  test.for([
    [sum, "I will count", "length", "length"],
    [sum, "I will count", "max_tokens", "length"],
    [sum, "I will count", "stop", "no-answer"],
    [sum, "I will count", null, "no-answer"],
    [sum, "<think>It may be 7", "length", "length"],
    [sum, "", "length", "length"],
    [sum, "#### 7 and th", "length", "passed"],
    [sum, "#### 8 and th", "length", "wrong-answer"],
    [program, "Let me think about", "length", "length"],
    [program, "Let me think about", "stop", "no-answer"],
    [program, "I'm sorry, I can't do that.", "stop", "refusal"],
    [program, "", "stop", "empty"],
  ] as const)("%j %j, finish reason %j: %s", async ([problem, text, finishReason, verdict]) => {
    const judged = await judgeAnswer(problem, { text, finishReason }, nowhere);
    expect(judged.verdict).toBe(verdict);
    expect(judged.passed).toBe(verdict === "passed");
  });
});

describe("scores", () => {
  const judged = (rest: Partial<JudgedAnswer>): JudgedAnswer => ({
    answer: "def f(): return 1",
    answerRule: "fence",
    verdict: "wrong-answer",
    passed: false,
    message: null,
    ranToEnd: true,
    tests: { passed: 1, total: 2 },
    stderr: "",
    durationMs: 1,
    facts: {},
    ...rest,
  });
  const valuesOf = (answer: JudgedAnswer, problem: CodeProblem) =>
    scoresOf(answer, problem).map(({ name, value, passed }) => [name, value, passed]);

  test.each<readonly [string, Partial<JudgedAnswer>, readonly unknown[]]>([
    [
      "some asserts",
      {},
      [
        ["passed", 0, false],
        ["executed", 1, true],
        ["asserts", 0.5, false],
      ],
    ],
    [
      "all asserts",
      { verdict: "passed", passed: true, tests: { passed: 2, total: 2 } },
      [
        ["passed", 1, true],
        ["executed", 1, true],
        ["asserts", 1, true],
      ],
    ],
    [
      "an error after one",
      { verdict: "exception", ranToEnd: false },
      [
        ["passed", 0, false],
        ["executed", 0, false],
        ["asserts", 0.5, false],
      ],
    ],
    [
      "nothing to run",
      { verdict: "no-answer", answer: null, ranToEnd: null, tests: null },
      [
        ["passed", 0, false],
        ["executed", 0, false],
        ["asserts", 0, false],
      ],
    ],
    [
      "nobody can judge",
      { verdict: "test-fault", passed: null, ranToEnd: null, tests: null },
      [
        ["passed", null, null],
        ["executed", null, null],
        ["asserts", null, null],
      ],
    ],
  ])("%s", (_, rest, values) => {
    expect(valuesOf(judged(rest), program)).toEqual(values);
    expect(valuesOf(judged(rest), checked)).toEqual(values.slice(0, 2));
    expect(valuesOf(judged(rest), sum)).toEqual(values.slice(0, 1));
  });

  test("are those that a plan names", () => {
    for (const problem of [sum, program, checked]) {
      const form = problem.kind === "program" ? problem.tests.form : undefined;
      const names = scoreNamesOf(problem.kind, form).map(({ name }) => name);
      expect(scoresOf(judged({}), problem).map(({ name }) => name)).toEqual(names);
    }
  });

  test("every verdict stands in the table of the document", () => {
    const page = readFileSync("docs/judging.md", "utf8");
    expect(verdicts.filter((verdict) => !page.includes(`\`${verdict}\``))).toEqual([]);
  });
});
