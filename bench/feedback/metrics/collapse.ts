import { collapseAlerts } from "../files/collapse-alerts.ts";
import type { EvalMetrics, Rollout } from "../files/step-line.ts";
import type { FeedbackMetric, MetricContext, Missing } from "./metric.ts";
import { measureChances, type MeasuredChances } from "./collapse-chances.ts";
import { measureDiversity } from "./collapse-diversity.ts";

type Collapse = NonNullable<EvalMetrics["collapse"]>;

/**
 * Three signs of a model that says one thing only: sure of each token, the same answer again and again, other log-probabilities than
 * before. A sign that could not be measured raises no alert.
 */
export const collapse: FeedbackMetric = {
  name: "collapse",
  atStep: (step, collapseSteps) => collapseSteps.includes(step),
  measure: async (context) => {
    const chances = await measureChances(context);
    const diversity = await measureDiversity(context);
    const compared = comparedWith(chances, context.baseline);
    const value = { ...compared.value, self_rouge_l: diversity.selfRougeL };
    const collapse = { ...value, alert: collapseAlerts(value).length > 0 };
    // Where nothing could be looked at, nobody can say that there is no collapse.
    const isEmpty = value.mean_logprob === null && value.self_rouge_l === null;
    return {
      fields: { collapse: isEmpty ? null : collapse },
      rollouts: [...chances.rollouts, ...diversity.rollouts, ...(isEmpty ? [] : [summaryOf(collapse)])],
      missing: [...chances.missing, ...compared.missing, ...diversity.missing],
    };
  },
};

type Chances = Omit<Collapse, "self_rouge_l" | "alert">;

/** Before training a model is as it is: ratio 1, drift 0. */
function comparedWith(
  { entropy, logprob }: MeasuredChances,
  baseline: MetricContext["baseline"],
): { readonly value: Chances; readonly missing: readonly Missing[] } {
  const own = { mean_entropy: entropy, mean_logprob: logprob };
  if (baseline === null) {
    const ratio = entropy === null ? null : 1;
    const drift = logprob === null ? null : 0;
    return {
      value: { ...own, entropy_ratio_to_baseline: ratio, mean_logprob_drift: drift },
      missing: [],
    };
  }
  const before = baseline.collapse;
  const [entropyBefore, logprobBefore] = [before?.mean_entropy ?? null, before?.mean_logprob ?? null];
  const hasEntropy = entropyBefore !== null && entropyBefore > 0;
  return {
    value: {
      ...own,
      entropy_ratio_to_baseline: entropy === null || !hasEntropy ? null : entropy / entropyBefore,
      mean_logprob_drift:
        logprob === null || logprobBefore === null ? null : Math.abs(logprob - logprobBefore),
    },
    missing: [
      ...(entropy !== null && !hasEntropy
        ? [
            {
              on: "collapse, entropy ratio",
              why: `the baseline's entropy is ${entropyBefore ?? "not known"}`,
            },
          ]
        : []),
      ...(logprob !== null && logprobBefore === null
        ? [{ on: "collapse, drift", why: "the baseline has no mean log-probability" }]
        : []),
    ],
  };
}

function summaryOf({
  entropy_ratio_to_baseline,
  self_rouge_l,
  mean_logprob_drift,
  alert,
}: Collapse): Rollout {
  const values = { entropy_ratio_to_baseline, self_rouge_l, mean_logprob_drift, alert };
  return { metric: "collapse", messages: [], metadata: { task: "summary", ...values } };
}
