import { z } from "zod";
import { lenientBool, lenientFloat, lenientInt, lenientIntWithin } from "./lenient.ts";

const trainingSchema = z
  .object({
    learning_rate: lenientFloat.default(3e-5),
    alpha: lenientFloat.default(0.5),
    is_clip: lenientFloat.default(5),
    max_grad_norm: lenientFloat.default(1),
    kl_reg_weight: lenientFloat.default(0),
    teacher_top_k: lenientInt.default(100),
  })
  .prefault({});
export type Training = z.infer<typeof trainingSchema>;

export const feedbackRequestSchema = z.object({
  requests: z
    .array(
      z.object({
        lora_id: z.string(),
        prompt: z.string().min(1),
        response: z.string().min(1),
        feedback: z.string().min(1),
        training: trainingSchema,
      }),
    )
    .min(1),
  orchestration: z
    .object({
      sleep_before: lenientBool.default(true),
      wake_after: lenientBool.default(true),
      wake_on_failure: lenientBool.default(true),
      sleep_level: lenientIntWithin(1, 2).default(1),
    })
    .prefault({}),
});
export type FeedbackItem = z.infer<typeof feedbackRequestSchema>["requests"][number];

/** What is wrong with the ranges of a training configuration. */
export function trainingFlaws(training: Training): readonly string[] {
  const within = (value: number, low: number, high: number) => value >= low && value <= high;
  const checks: readonly (readonly [boolean, string])[] = [
    [training.learning_rate > 0, "learning_rate must be > 0"],
    [within(training.alpha, 0, 1), "alpha must be within [0, 1]"],
    [within(training.is_clip, 1, 20), "is_clip must be within [1, 20]"],
    [training.max_grad_norm >= 0, "max_grad_norm must be >= 0"],
    [within(training.kl_reg_weight, 0, 1), "kl_reg_weight must be within [0, 1]"],
    [within(training.teacher_top_k, 10, 100), "teacher_top_k must be within [10, 100]"],
  ];
  return checks.filter(([isMet]) => !isMet).map(([, flaw]) => flaw);
}
