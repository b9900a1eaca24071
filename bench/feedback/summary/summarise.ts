import type { EvalMetrics, FeedbackSummary, StepLine } from "../files/step-line.ts";
import { meets } from "./threshold.ts";

type PreferenceSummary = FeedbackSummary[string];

/** What was measured of one preference. */
export interface MeasuredPreference {
  readonly preference: string;
  readonly loraId: string;
  /** null: it was not measured. */
  readonly baseline: EvalMetrics | null;
  /** In any order; those of before an interruption, too. */
  readonly steps: readonly Pick<StepLine, "step" | "eval">[];
  /** Over all steps. */
  readonly serving: PreferenceSummary["serving"];
}

/** Of each verdict, as the file of the run states it. */
export interface Thresholds {
  readonly learned: string;
  readonly compliance: string;
  readonly capability: string;
  readonly collapse: string;
}

/** `summary.json`, in the order of the preferences. */
export function summarise(measured: readonly MeasuredPreference[], thresholds: Thresholds): FeedbackSummary {
  return Object.fromEntries(measured.map((one) => [one.preference, summaryOf(one, thresholds)]));
}

/**
 * What the last step says, against the baseline. A value that the last step lacks is null, though an earlier one may have it: that
 * would be what the model was, and not what it has become.
 */
function summaryOf(
  { preference, loraId, baseline, steps, serving }: MeasuredPreference,
  thresholds: Thresholds,
): PreferenceSummary {
  const inOrder = steps.toSorted((a, b) => a.step - b.step);
  const last = inOrder.at(-1)?.eval;
  const marginDelta = last?.logprob_margin?.margin_delta_from_baseline ?? null;
  const compliance = last?.preference_compliance ?? null;
  const capability = ratio(last?.general?.general_score ?? null, baseline?.general?.general_score ?? null);
  const looked = inOrder.filter((one) => one.eval.collapse !== null);
  const alerts = looked.filter((one) => one.eval.collapse?.alert === true).map(({ step }) => step);
  const verdict = (value: number | null, threshold: string) => ({
    value,
    threshold,
    passed: meets(value, threshold),
  });
  return {
    preference,
    lora_id: loraId,
    logprob_margin_delta: marginDelta,
    final_compliance: compliance,
    capability_ratio: capability,
    baseline_compliance: baseline?.preference_compliance ?? null,
    steps: inOrder.length,
    collapse_alerts: alerts,
    verdicts: {
      learned: verdict(marginDelta, thresholds.learned),
      compliance: verdict(compliance, thresholds.compliance),
      capability: verdict(capability, thresholds.capability),
      // Where nobody has looked, nobody has seen none.
      collapse: verdict(looked.length === 0 ? null : alerts.length, thresholds.collapse),
    },
    serving,
  };
}

/** Nothing can be kept of what was not there: no ratio to a score of 0. */
function ratio(final: number | null, baseline: number | null): number | null {
  return final === null || baseline === null || baseline <= 0 ? null : final / baseline;
}
