import type { Rng } from "../../../bench/statistics/rng.ts";

export const kinds = ["needle", "needles", "documents", "code"] as const;
/** What is asked of the model; the group of a task. */
export type MaterialKind = (typeof kinds)[number];

/** A question with what has to be read to answer it. */
export interface LongQuestion {
  /** Blocks of the text that it rests on, in the order in which they stand there. */
  readonly pieces: readonly string[];
  /** The parts of the pieces without which nobody can answer. */
  readonly needs: readonly string[];
  /** What the prompt ends with. */
  readonly ask: string;
  /** A part of `ask` that no other question has, and that stands nowhere else. */
  readonly key: string;
  /** As `readAnswer` gives them: in any order. */
  readonly expected: readonly string[];
}

/** A kind of long text with questions about it. */
export interface Material {
  /** What the text is, for the reader of it. */
  readonly opening: string;
  /** The question with that number, of as many as `questionCount`. */
  question(index: number): LongQuestion;
  /** A block that belongs to no question, and cannot be taken for one of this question's pieces. */
  filler(rng: Rng, index: number): string;
}

/** Questions of each kind; tasks and trials go through them in turn. */
export const questionCount = 64;
