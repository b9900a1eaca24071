import { z } from "zod";
import { clusterInterval } from "../../analysis/estimates/cluster-interval.ts";
import { estimateSchema, type Estimate } from "../../analysis/estimates/estimate.ts";
import { meanOf, summarize } from "../../statistics/distribution.ts";
import { pairedDifference } from "../../statistics/paired.ts";
import type { Serving } from "../files/step-line.ts";
import { medianOf, type StepRequestTimes } from "./stretch-times.ts";

/** In the order in which they happen in a step. */
export const phases = ["before", "during", "after"] as const;
export type Phase = (typeof phases)[number];

/** A step that was served: what its line says, and the times of the requests where they are known. */
export interface ServedStep {
  readonly serving: Readonly<Record<Phase, Serving>>;
  readonly times: StepRequestTimes | null;
}

/** Medians of whatever requests a stretch has, milliseconds. */
type Medians = Readonly<Record<Phase, { readonly ttftMs: number | null; readonly e2eMs: number | null }>>;

/** A stretch with the medians of its requests; null where their times are not known. */
export interface ServedStretch {
  readonly said: Serving;
  readonly medians: Medians[Phase] | null;
}

/**
 * What is measured of each stretch, in its unit. A line of `steps.jsonl` has no medians below 11 requests, which few updates last long
 * enough for; the interval over steps says what medians of few are worth.
 */
export const servingQuantities = {
  ttftP50Ms: ({ said, medians }: ServedStretch) => (medians === null ? said.ttft_ms.p50 : medians.ttftMs),
  ttftP95Ms: ({ said }: ServedStretch) => said.ttft_ms.p95,
  e2eP50Ms: ({ said, medians }: ServedStretch) => (medians === null ? said.e2e_ms.p50 : medians.e2eMs),
  outputTokensPerSecond: ({ said }: ServedStretch) => said.output_tokens_per_second,
  running: ({ said }: ServedStretch) => said.queue.running,
  waiting: ({ said }: ServedStretch) => said.queue.waiting,
} as const;
export type ServingQuantity = keyof typeof servingQuantities;
const names = Object.keys(servingQuantities) as readonly ServingQuantity[];

const quantitiesSchema = z.record(z.enum(names), estimateSchema);
const phaseSchema = z.object({
  seconds: z.number(),
  requests: z.number().int(),
  failed: z.number().int(),
  /** Means over steps; `ttftP95Ms` of all requests together where their times are known. */
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
export function servingReport(steps: readonly ServedStep[]): ServingReport | null {
  if (steps.length === 0) return null;
  const stretchesOf = steps.map(({ serving, times }) => (phase: Phase): ServedStretch => {
    const [said, own] = [serving[phase], times?.[phase]];
    const medians = own === undefined ? null : { ttftMs: medianOf(own.ttftMs), e2eMs: medianOf(own.e2eMs) };
    return { said, medians };
  });
  const phaseOf = (phase: Phase) => {
    const stretches = steps.map(({ serving }) => serving[phase]);
    const means = byQuantity((name) =>
      meanEstimate(stretchesOf.map((stretch) => servingQuantities[name](stretch(phase)))),
    );
    const tail = pooledTail(steps, phase);
    return {
      seconds: sum(stretches.map(({ seconds }) => seconds)),
      requests: sum(stretches.map(({ requests }) => requests)),
      failed: sum(stretches.map(({ failed }) => failed)),
      values: tail === null ? means : { ...means, ttftP95Ms: tail },
    };
  };
  const differenceOf = (phase: "during" | "after") =>
    byQuantity((name) =>
      meanEstimate(
        stretchesOf.map((stretch) => {
          const of = servingQuantities[name];
          const [now, before] = [of(stretch(phase)), of(stretch("before"))];
          return now === null || before === null ? null : now - before;
        }),
      ),
    );
  return {
    steps: steps.length,
    before: phaseOf("before"),
    during: phaseOf("during"),
    after: phaseOf("after"),
    differences: { during: differenceOf("during"), after: differenceOf("after") },
  };
}

/** The slow requests of all steps together: one step has too few for a 95th percentile. null where the times are not known. */
function pooledTail(steps: readonly ServedStep[], phase: Phase): Estimate | null {
  if (steps.some(({ times }) => times === null)) return null;
  const values = steps.flatMap(({ times }, at) =>
    (times?.[phase].ttftMs ?? []).map((value) => ({ value, cluster: String(at) })),
  );
  const { p95, count } = summarize(values.map(({ value }) => value));
  const limits = p95 === null ? null : clusterInterval(values, 0.95);
  return { value: p95, count, low: limits?.low ?? null, high: limits?.high ?? null };
}

function byQuantity(estimateOf: (name: ServingQuantity) => Estimate): Quantities {
  return Object.fromEntries(names.map((name) => [name, estimateOf(name)])) as Quantities;
}

/** The mean of what is known with a t interval over its values; without one below two of them. */
export function meanEstimate(values: readonly (number | null)[]): Estimate {
  const known = values.flatMap((value) => (value !== null && Number.isFinite(value) ? [value] : []));
  if (known.length === 0) return { value: null, count: 0, low: null, high: null };
  const interval = pairedDifference(
    known.map((value) => [value]),
    { confidence: 0.95 },
  );
  const [value, low, high] = [meanOf(known), interval?.low, interval?.high].map(finite);
  return { value: value ?? null, count: known.length, low: low ?? null, high: high ?? null };
}

/** A sum of numbers that no measurement gives can leave what a number can hold. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
