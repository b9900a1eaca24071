/** One problem of a data set, in a form that its judge knows. What the model must not see is here, too: it is never sent. */
export type CodeProblem = ProgramProblem | NumberProblem | ChoiceProblem;

/** Solved by a Python program, and judged by running it. */
export interface ProgramProblem {
  readonly kind: "program";
  readonly id: string;
  /** Code that the program continues (HumanEval); empty where the problem is told in words (MBPP). */
  readonly prompt: string;
  /** The function that tests call; null where none can be told. */
  readonly entryPoint: string | null;
  readonly tests: ProgramTests;
}

export type ProgramTests =
  /** Python that defines `check(candidate)`. */
  | { readonly form: "check"; readonly source: string }
  /** Statements that each must run without an error, after `setup`. */
  | { readonly form: "asserts"; readonly setup: string; readonly asserts: readonly string[] };

/** Solved by a number (GSM8K). */
export interface NumberProblem {
  readonly kind: "number";
  readonly id: string;
  readonly expected: string;
}

/** Solved by one of several choices (MMLU). */
export interface ChoiceProblem {
  readonly kind: "choice";
  readonly id: string;
  readonly choices: readonly string[];
  /** Index of the right one. */
  readonly expected: number;
}

export interface LoadedProblem {
  readonly problem: CodeProblem;
  /** What the model is asked. */
  readonly ask: string;
  /** Within which ids are unique and scores are shown together, e.g. MMLU's subject. */
  readonly group: string;
  /** The data set's own solution; null where it has none. */
  readonly canonical: string | null;
  /** Programs that its tests refuse; only our own data has them, for simulated engines and for tests of the tests. */
  readonly wrong?: readonly string[];
}
