import { z } from "zod";

/**
 * In `run.json` of a run of the preference loop: what is asked of the trainer. Its results are below the folders of its
 * preferences, see `bench/feedback/files/`.
 */
export const feedbackPlanSchema = z.object({
  /** In the order in which they are trained. */
  preferences: z.array(
    z.object({
      name: z.string().regex(/^[A-Za-z0-9_-]+$/),
      /** Said of every answer of a batch. */
      feedback: z.string(),
      /** What passes, in one sentence; runs of before it was recorded have none. */
      rule: z.string().optional(),
      /** sha256 of its file. */
      hash: z.string(),
      steps: z.number().int(),
    }),
  ),
  baseModel: z.string(),
  /** `simulated`, or the trainer's address. */
  trainer: z.string(),
  /** Who answers the prompts of a batch: an OpenClaw of ours, one that runs already, or the trainer's own proxy. */
  answers: z.enum(["openclaw", "openclaw-url", "proxy"]),
  metrics: z.array(z.string()),
  collapseSteps: z.array(z.number().int()),
  batchSize: z.number().int(),
  /** Updates by each batch. */
  stepsPerBatch: z.number().int(),
  /** Load that goes on while updates are made; null: none, and nothing of the service is measured. */
  serving: z.object({ concurrency: z.number().int(), seconds: z.number() }).nullable(),
  /** As they are stated, e.g. `> 0`. */
  thresholds: z.object({
    learned: z.string(),
    compliance: z.string(),
    capability: z.string(),
    collapse: z.string(),
  }),
  plots: z.boolean(),
});
export type FeedbackPlan = z.infer<typeof feedbackPlanSchema>;
