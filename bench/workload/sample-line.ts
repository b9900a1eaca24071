import { z } from "zod";

/** In the folder of a segment; lines are written by workloads whose answers are judged by themselves. */
export const samplesFile = "samples.ndjson";

/** Label of an episode whose answer ended at a limit of tokens, whatever came of it: such answers are counted apart. */
export const cutAnswer = "length";

/** Label of an episode in whose text nothing was found that could be judged. */
export const noAnswerLabel = "no-answer";

const scoreSchema = z.object({
  name: z.string(),
  /** 0..1; null: nobody could judge. */
  value: z.number().min(0).max(1).nullable(),
  passed: z.boolean().nullable(),
});

/**
 * What one sample was and what it was worth: the evidence from which every score can be recomputed. Written before the
 * attempt returns, so an attempt that was cancelled afterwards has a line and no record; readers join by `attemptKey`.
 */
export const sampleLineSchema = z.object({
  attemptKey: z.string().min(1),
  episodeId: z.string().min(1),
  /** The problem. */
  taskId: z.string().min(1),
  /** Number of the sample of this problem, 0-based. */
  trial: z.number().int().min(0),
  /** As the server said it; null: there was no answer. */
  finishReason: z.string().nullable(),
  /** What the model said, whole. */
  text: z.string(),
  /** What was taken from it and judged; null: nothing was found. */
  answer: z.string().nullable(),
  /** Name of the rule that found it, or by which nothing was found, e.g. `no-code`; null: no rule was asked. */
  answerRule: z.string().nullable(),
  /** One word of the workload's stated list, e.g. `passed`, `wrong-answer`, `timeout`, `no-answer`, `length`, `refusal`. */
  verdict: z.string().min(1),
  /** Whether the reward is a pass; null: nobody could judge. */
  passed: z.boolean().nullable(),
  /** The reward first, in the order of the plan's names. */
  scores: z.array(scoreSchema).min(1),
  /** What else the workload knows, e.g. standard error of a program. */
  details: z.record(z.string(), z.unknown()),
});
export type SampleLine = z.infer<typeof sampleLineSchema>;
