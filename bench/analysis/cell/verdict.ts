import { z } from "zod";

/** Whether the numbers of a cell may be used, worst first: a cell's verdict is the worst that applies. */
export const verdicts = [
  "engine-died",
  "different-engines",
  "engine-restarted",
  "failing",
  "interrupted",
  "not-drained",
  "no-metrics",
  "request-altered",
  "answer-altered",
  "token-mismatch",
  "rate-missed",
  "unstable",
  "client-limited",
  "valid",
] as const;
export type Verdict = (typeof verdicts)[number];

/** Cells with a verdict beyond these are not usable as they stand. */
export const usable: ReadonlySet<Verdict> = new Set(["valid", "client-limited"]);

/** Times of these would look like times of the others: who fails is fast, and who is asked something else answers something else. */
export const spoiling: ReadonlySet<Verdict> = new Set([
  "engine-died",
  "different-engines",
  "engine-restarted",
  "failing",
  "request-altered",
  "answer-altered",
]);

export const verdictReasonSchema = z.object({ verdict: z.enum(verdicts), detail: z.string() });
export type VerdictReason = z.infer<typeof verdictReasonSchema>;
