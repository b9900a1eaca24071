import { z } from "zod";
import { evalMetricsSchema, stepLineSchema, type EvalMetrics, type StepLine } from "./step-line.ts";

/**
 * A step as anybody may have written it: the original harness has none of our own fields, an older one fewer of its own. What is
 * needed to say which step it is must be there; of the rest, what cannot be read is null and named.
 */
export interface StoredStep {
  readonly line: ReadStep;
  /** Fields that are there and cannot be read. */
  readonly unread: readonly string[];
}

/** As {@link StepLine}, where two more may be unknown. */
export type ReadStep = Omit<StepLine, "timing_s" | "sub_step_count"> & {
  readonly timing_s: number | null;
  readonly sub_step_count: number | null;
};

const identitySchema = z.object({ step: z.number().int().min(0) });
const optional = {
  preference: z.string(),
  timestamp: z.string(),
  feedback_given: z.string(),
  sdpo_metrics: stepLineSchema.shape.sdpo_metrics,
  prompt_used: z.string(),
  response_text: z.string().nullable(),
  timing_s: z.number(),
  sub_step_count: z.number().int(),
  samples: stepLineSchema.shape.samples,
  trained_tokens: stepLineSchema.shape.trained_tokens,
  uncertain_updates: z.number().int(),
  missing: stepLineSchema.shape.missing,
  serving: stepLineSchema.shape.serving,
};

/** null where the value is no step at all. */
export function storedStep(value: unknown, preference: string): StoredStep | null {
  const identity = identitySchema.safeParse(value);
  if (!identity.success) return null;
  const fields = new Fields(value as Readonly<Record<string, unknown>>);
  const metrics = storedMetrics(fields.raw("eval"));
  const { sdpo_metrics, samples, missing, serving } = optional;
  return {
    line: {
      preference: fields.read("preference", optional.preference) ?? preference,
      step: identity.data.step,
      timestamp: fields.read("timestamp", optional.timestamp) ?? "",
      feedback_given: fields.read("feedback_given", optional.feedback_given) ?? "",
      sdpo_metrics: fields.read("sdpo_metrics", sdpo_metrics) ?? null,
      eval: metrics.value,
      prompt_used: fields.read("prompt_used", optional.prompt_used) ?? "",
      response_text: fields.read("response_text", optional.response_text) ?? null,
      timing_s: fields.read("timing_s", optional.timing_s) ?? null,
      sub_step_count: fields.read("sub_step_count", optional.sub_step_count) ?? null,
      samples: fields.read("samples", samples) ?? [],
      trained_tokens: fields.read("trained_tokens", optional.trained_tokens) ?? null,
      uncertain_updates: fields.read("uncertain_updates", optional.uncertain_updates) ?? 0,
      missing: fields.read("missing", missing) ?? [],
      serving: fields.read("serving", serving) ?? null,
    },
    unread: [...fields.unread, ...metrics.unread.map((name) => `eval.${name}`)],
  };
}

/** `baseline.json`, or `eval` of a step. A metric that was not asked for is absent or null. */
export function storedMetrics(value: unknown): { value: EvalMetrics; unread: readonly string[] } {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const fields = new Fields(isObject ? (value as Readonly<Record<string, unknown>>) : {});
  const shape = evalMetricsSchema.shape;
  const metrics = {
    logprob_margin: fields.read("logprob_margin", shape.logprob_margin) ?? null,
    preference_compliance: fields.read("preference_compliance", shape.preference_compliance) ?? null,
    general: fields.read("general", shape.general) ?? null,
    collapse: fields.read("collapse", shape.collapse) ?? null,
    rollouts: fields.read("rollouts", shape.rollouts) ?? [],
  };
  return { value: metrics, unread: fields.unread };
}

/** Fields of an object, each checked by itself: one that is odd does not take the others with it. */
class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly unread: string[] = [];

  constructor(object: Readonly<Record<string, unknown>>) {
    this.#object = object;
  }

  raw(name: string): unknown {
    return this.#object[name];
  }

  /** undefined where it is absent, null, or in `unread`. */
  read<T>(name: string, schema: z.ZodType<T>): T | undefined {
    const value = this.#object[name];
    if (value === undefined || value === null) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.unread.push(name);
    return undefined;
  }
}
