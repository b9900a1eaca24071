/** How an answer was judged. What each word means is in docs/code.md. */
export const verdicts = [
  "passed",
  // The program, number or choice is not right.
  "wrong-answer",
  "exception",
  "syntax-error",
  "missing-name",
  "exited",
  "killed",
  "tampered",
  // A limit was reached.
  "timeout",
  "memory",
  "processes",
  "file-size",
  "disk",
  "output",
  // There is nothing to judge.
  "no-answer",
  "refusal",
  "empty",
  "length",
  // Nobody could judge: no score.
  "test-fault",
  "sandbox-fault",
] as const;
export type AnswerVerdict = (typeof verdicts)[number];

export interface JudgedAnswer {
  /** What was taken from the text: code, a number, a letter; null: nothing. */
  readonly answer: string | null;
  /** Name of the rule that found it, or by which nothing was found. */
  readonly answerRule: string;
  readonly verdict: AnswerVerdict;
  /** null: nobody could judge. */
  readonly passed: boolean | null;
  /** In words, for a person. May quote a test. */
  readonly message: string | null;
  /** Whether the program came to the end of its tests, right or wrong; null where nothing was run or the judge failed. */
  readonly ranToEnd: boolean | null;
  /** Of the tests that are counted one by one. */
  readonly tests: { readonly passed: number; readonly total: number } | null;
  /** What the program wrote, its beginning. */
  readonly stderr: string;
  /** From the program's start to the verdict. */
  readonly durationMs: number | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Verdicts that say nothing about the answer. */
export const isNobodysFault = (verdict: AnswerVerdict): boolean =>
  verdict === "test-fault" || verdict === "sandbox-fault";
