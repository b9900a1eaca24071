import { z } from "zod";

/** What is compared from repetition to repetition, as `tollgate compare` calls it. */
export const variedQuantities = [
  "reward",
  "ttft_mean",
  "itl_mean",
  "e2e_mean",
  "episodes_per_min",
  "output_tokens_per_s",
] as const;
export type VariedQuantity = (typeof variedQuantities)[number];

/** Fewest repetitions that say anything of how far they lie apart. */
export const fewestRepetitions = 3;

const settings = z.strictObject({
  maxCv: z
    .number()
    .positive()
    .max(10)
    .describe(
      "Largest coefficient of variation between repetitions: standard deviation (n - 1) of their means over the mean of them, e.g. 0.02",
    ),
  repetitionsMax: z
    .number()
    .int()
    .min(fewestRepetitions)
    .max(100)
    .default(10)
    .describe("Repetitions after which a load that still varies more is called unstable"),
  of: z
    .array(z.enum(variedQuantities))
    .min(1)
    .default(["reward", "e2e_mean", "output_tokens_per_s"])
    .describe("What must not vary more"),
});

/** `variance:` of an experiment. */
export const varianceSchema = settings
  .optional()
  .describe(
    "A sweep repeats a load until its repetitions agree, or until repetitionsMax; then its cells are `unstable`",
  );

export type VarianceSettings = z.infer<typeof settings>;

const recordedSchema = z.object({ variance: settings });

/** As a run recorded them; null where it has no such rule. */
export function recordedVariance(resolved: Readonly<Record<string, unknown>>): VarianceSettings | null {
  return recordedSchema.safeParse(resolved).data?.variance ?? null;
}
