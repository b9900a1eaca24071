import { z } from "zod";

/** Files of a run of the preference loop, below `<run>/<preference>/`; names and fields are those of CLaaS' own evaluation. */
export const feedbackFiles = {
  /** Of the run, for all preferences. */
  summary: "summary.json",
  metadata: "metadata.json",
  baseline: "baseline.json",
  steps: "steps.jsonl",
} as const;

const nullable = z.number().nullable();

export const rolloutSchema = z.object({
  metric: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  metadata: z.record(z.string(), z.unknown()),
});
export type Rollout = z.infer<typeof rolloutSchema>;

/** Whatever was not measured, or could not be, is null; `missing` of the line says which and why. */
export const evalMetricsSchema = z.object({
  /** Nats; sums over the tokens of an answer, averaged over the pairs of the preference. */
  logprob_margin: z
    .object({
      positive_logprob: z.number(),
      negative_logprob: z.number(),
      margin: z.number(),
      /** 0 in the baseline; null where that has no margin. */
      margin_delta_from_baseline: nullable,
    })
    .nullable(),
  /** 0..1. */
  preference_compliance: nullable,
  general: z
    .object({
      /** null: the program could not be run here. */
      coding_correct: z.boolean().nullable(),
      coding_has_docstring: z.boolean().nullable(),
      /** 0..1. */
      ifeval_pass_rate: nullable,
      /** 0..1. */
      general_score: nullable,
    })
    .nullable(),
  /** null at steps outside `collapse_steps`. */
  collapse: z
    .object({
      /** Nats per token. */
      mean_entropy: nullable,
      /** Nats per token. */
      mean_logprob: nullable,
      entropy_ratio_to_baseline: nullable,
      /** 0..1. */
      self_rouge_l: nullable,
      mean_logprob_drift: nullable,
      /** What raised it: `collapse-alerts.ts`. */
      alert: z.boolean(),
    })
    .nullable(),
  rollouts: z.array(rolloutSchema),
});
export type EvalMetrics = z.infer<typeof evalMetricsSchema>;

/** What a stretch of a step cost whom the service answered meanwhile; from the tap and the server's `/metrics`. */
export const servingSchema = z.object({
  seconds: z.number(),
  requests: z.number().int(),
  failed: z.number().int(),
  /** Milliseconds; null where no answer was streamed. */
  ttft_ms: z.object({ p50: nullable, p95: nullable }),
  /** Milliseconds, of whole requests. */
  e2e_ms: z.object({ p50: nullable, p95: nullable }),
  /** Output tokens per second over the whole stretch; null where the server counts none. */
  output_tokens_per_second: nullable,
  /** Means over the samples of the stretch; null where the server's page has no such gauge. */
  queue: z.object({ running: nullable, waiting: nullable }),
});
export type Serving = z.infer<typeof servingSchema>;

export const missingSchema = z.object({
  /** `sample`, `feedback`, `metric`, `serving`. */
  what: z.string(),
  /** Which of them, e.g. `sample 2`, `sub-step 3`, `collapse`. */
  on: z.string(),
  why: z.string(),
});

/** A line of `steps.jsonl`. The fields of the original first, then ours. */
export const stepLineSchema = z.object({
  preference: z.string(),
  /** 0-based. */
  step: z.number().int().min(0),
  /** Wall clock, ISO 8601. */
  timestamp: z.string(),
  feedback_given: z.string(),
  /** As the trainer told them of the last update; null where there was none. */
  sdpo_metrics: z.record(z.string(), nullable).nullable(),
  eval: evalMetricsSchema,
  /** Of the first sample. */
  prompt_used: z.string(),
  /** Of the first sample that has one; null: none has. The original writes a sentence of its own there. */
  response_text: z.string().nullable(),
  timing_s: z.number(),
  /** Updates that were made, of `steps_per_batch`. */
  sub_step_count: z.number().int(),
  samples: z.array(
    z.object({
      prompt: z.string(),
      response: z.string().nullable(),
      finish_reason: z.string().nullable(),
      /** null: it has a response. */
      failure: z.string().nullable(),
    }),
  ),
  /** Answers' tokens over all updates; null where the trainer does not tell, or an update is uncertain. */
  trained_tokens: z.number().int().nullable(),
  /** Updates of which it is not known whether they were made: the driver died while they were, and the trainer does not count. */
  uncertain_updates: z.number().int(),
  missing: z.array(missingSchema),
  /** `before`: with nothing else going on; `during`: while updates were made; `after`: when they had ended. null: not asked for. */
  serving: z.object({ before: servingSchema, during: servingSchema, after: servingSchema }).nullable(),
});
export type StepLine = z.infer<typeof stepLineSchema>;

const verdictSchema = z.object({
  value: nullable,
  /** As stated in the file, e.g. `> 0`. */
  threshold: z.string(),
  /** null: there is no value. */
  passed: z.boolean().nullable(),
});

/** `summary.json`: by preference; raw values as the original has them, and our verdicts with their thresholds. */
export const summarySchema = z.record(
  z.string(),
  z.object({
    preference: z.string(),
    lora_id: z.string(),
    logprob_margin_delta: nullable,
    final_compliance: nullable,
    capability_ratio: nullable,
    baseline_compliance: nullable,
    steps: z.number().int(),
    /** Steps at which collapse was alerted. */
    collapse_alerts: z.array(z.number().int()),
    verdicts: z.object({
      learned: verdictSchema,
      compliance: verdictSchema,
      capability: verdictSchema,
      collapse: verdictSchema,
    }),
    /** Over all steps; null where nothing was measured. */
    serving: z.object({ before: servingSchema, during: servingSchema, after: servingSchema }).nullable(),
  }),
);
export type FeedbackSummary = z.infer<typeof summarySchema>;
