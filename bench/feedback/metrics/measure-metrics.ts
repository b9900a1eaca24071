import type { EvalMetrics, StepLine } from "../files/step-line.ts";
import type { FeedbackMetric, MeasuredMetric, MetricContext, MetricFields } from "./metric.ts";

export interface MeasuredMetrics {
  readonly eval: EvalMetrics;
  /** What of it could not be measured. */
  readonly missing: StepLine["missing"];
}

/** Measures these metrics one after the other. What no metric measures is null, and nothing is said of it. */
export async function measureMetrics(
  metrics: readonly FeedbackMetric[],
  context: MetricContext,
): Promise<MeasuredMetrics> {
  const measured: MeasuredMetric[] = [];
  let values: MetricFields = nothing;
  for (const metric of metrics) {
    context.signal.throwIfAborted();
    const found = await metric.measure(context);
    measured.push(found);
    values = { ...values, ...found.fields };
  }
  return {
    eval: { ...values, rollouts: measured.flatMap(({ rollouts }) => rollouts) },
    missing: measured.flatMap(({ missing }) => missing.map((one) => ({ what: "metric", ...one }))),
  };
}

const nothing: MetricFields = {
  logprob_margin: null,
  preference_compliance: null,
  general: null,
  collapse: null,
};
