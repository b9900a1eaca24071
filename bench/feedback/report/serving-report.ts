import { estimateSchema, type Estimate } from "../../analysis/estimates/estimate.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { pairedDifference } from "../../statistics/paired.ts";
import { z } from "zod";
import type { Serving } from "../files/step-line.ts";
import type { ReadStep } from "../files/stored-step.ts";

/** In the order in which they happen in a step. */
export const phases = ["before", "during", "after"] as const;
export type Phase = (typeof phases)[number];

/** What is measured of each stretch, in its unit. */
export const servingQuantities = {
  ttftP50Ms: ({ ttft_ms }: Serving) => ttft_ms.p50,
  ttftP95Ms: ({ ttft_ms }: Serving) => ttft_ms.p95,
  e2eP50Ms: ({ e2e_ms }: Serving) => e2e_ms.p50,
  outputTokensPerSecond: ({ output_tokens_per_second }: Serving) => output_tokens_per_second,
  running: ({ queue }: Serving) => queue.running,
  waiting: ({ queue }: Serving) => queue.waiting,
} as const;
export type ServingQuantity = keyof typeof servingQuantities;
const names = Object.keys(servingQuantities) as readonly ServingQuantity[];

const quantitiesSchema = z.record(z.enum(names), estimateSchema);
const phaseSchema = z.object({
  seconds: z.number(),
  requests: z.number().int(),
  failed: z.number().int(),
  /** Means over steps. */
  values: quantitiesSchema,
});
export const servingReportSchema = z.object({
  /** Steps that have all three stretches. */
  steps: z.number().int(),
  before: phaseSchema,
  during: phaseSchema,
  after: phaseSchema,
  /** Step by step, minus what the same step had before. */
  differences: z.object({ during: quantitiesSchema, after: quantitiesSchema }),
});
export type ServingReport = z.infer<typeof servingReportSchema>;
type Quantities = z.infer<typeof quantitiesSchema>;

/** What training does to who is served meanwhile; null where no step was measured so. A step is a unit. */
export function servingReport(steps: readonly ReadStep[]): ServingReport | null {
  const measured = steps.flatMap(({ serving }) => serving ?? []);
  if (measured.length === 0) return null;
  const phaseOf = (phase: Phase) => {
    const stretches = measured.map((one) => one[phase]);
    return {
      seconds: sum(stretches.map(({ seconds }) => seconds)),
      requests: sum(stretches.map(({ requests }) => requests)),
      failed: sum(stretches.map(({ failed }) => failed)),
      values: byQuantity((of) => meanEstimate(stretches.map(of))),
    };
  };
  const differenceOf = (phase: "during" | "after") =>
    byQuantity((of) =>
      meanEstimate(
        measured.map((one) => {
          const [now, before] = [of(one[phase]), of(one.before)];
          return now === null || before === null ? null : now - before;
        }),
      ),
    );
  return {
    steps: measured.length,
    before: phaseOf("before"),
    during: phaseOf("during"),
    after: phaseOf("after"),
    differences: { during: differenceOf("during"), after: differenceOf("after") },
  };
}

function byQuantity(estimateOf: (of: (stretch: Serving) => number | null) => Estimate): Quantities {
  return Object.fromEntries(names.map((name) => [name, estimateOf(servingQuantities[name])])) as Quantities;
}

/** The mean of what is known with a t interval over its values; without one below two of them. */
export function meanEstimate(values: readonly (number | null)[]): Estimate {
  const known = values.flatMap((value) => (value !== null && Number.isFinite(value) ? [value] : []));
  if (known.length === 0) return { value: null, count: 0, low: null, high: null };
  const interval = pairedDifference(
    known.map((value) => [value]),
    { confidence: 0.95 },
  );
  return {
    value: meanOf(known),
    count: known.length,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
