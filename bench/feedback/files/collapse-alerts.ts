import { collapseLimits } from "./collapse-limits.ts";
import type { EvalMetrics } from "./step-line.ts";

type Signs = Pick<
  NonNullable<EvalMetrics["collapse"]>,
  "entropy_ratio_to_baseline" | "self_rouge_l" | "mean_logprob_drift"
>;

/**
 * What of a model's values says that it has collapsed, e.g. `entropy ratio 0.41 < 0.6`; nothing of a value that is not known. It is not
 * stored beside the values: readers of CLaaS refuse fields that they do not know.
 */
export function collapseAlerts(signs: Signs): readonly string[] {
  const { entropy_ratio_to_baseline: ratio, self_rouge_l: rouge, mean_logprob_drift: drift } = signs;
  const { entropyRatio, selfRougeL, meanLogprobDrift } = collapseLimits;
  return [
    ...(ratio !== null && ratio < entropyRatio ? [`entropy ratio ${shown(ratio)} < ${entropyRatio}`] : []),
    ...(rouge !== null && rouge > selfRougeL ? [`self-ROUGE-L ${shown(rouge)} > ${selfRougeL}`] : []),
    ...(drift !== null && drift > meanLogprobDrift
      ? [`drift of the mean log-probability ${shown(drift)} > ${meanLogprobDrift} nats`]
      : []),
  ];
}

/** As many digits as it takes to see that a value is beyond its limit: 0.5999 is not shown as 0.60. */
function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
