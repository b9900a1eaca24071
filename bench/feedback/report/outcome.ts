import { z } from "zod";
import type { FeedbackPlan } from "../../store/feedback-plan.ts";
import { collapseAlerts } from "../files/collapse-alerts.ts";
import type { StoredPreference } from "../files/read-feedback-run.ts";
import { meets, thresholdForm } from "../summary/threshold.ts";

const number = z.number().nullable();
const verdictSchema = z.object({
  value: number,
  /** As stated, e.g. `> 0`; null: nothing was stated. */
  threshold: z.string().nullable(),
  /** null: there is no value, or nothing to hold it against. */
  passed: z.boolean().nullable(),
});
export type HeldThreshold = z.infer<typeof verdictSchema>;

/** What became of a preference, from its steps; values that the original harness has, too, are made as it makes them. */
export const outcomeSchema = z.object({
  /** Of the last step, nats. */
  learned: verdictSchema,
  /** Of the last step, 0..1. */
  compliance: verdictSchema,
  baselineCompliance: number,
  /** General score of the last step over that of the baseline. */
  capability: verdictSchema,
  /** How many steps alerted. */
  collapse: verdictSchema,
  /** Which ones. */
  alerts: z.array(z.object({ step: z.number().int(), reasons: z.array(z.string()) })),
});

export function outcomeOf(
  { baseline, steps }: Pick<StoredPreference, "baseline" | "steps">,
  thresholds: FeedbackPlan["thresholds"] | null,
): z.infer<typeof outcomeSchema> {
  const last = steps.at(-1)?.eval;
  const general = ratioOf(last?.general?.general_score ?? null, baseline?.general?.general_score ?? null);
  const checked = steps.flatMap(({ step, eval: { collapse } }) =>
    collapse === null ? [] : [{ step, collapse }],
  );
  const alerts = checked.flatMap(({ step, collapse }) =>
    collapse.alert ? [{ step, reasons: [...collapseAlerts(collapse)] }] : [],
  );
  return {
    learned: judged(last?.logprob_margin?.margin_delta_from_baseline ?? null, thresholds?.learned),
    compliance: judged(last?.preference_compliance ?? null, thresholds?.compliance),
    baselineCompliance: baseline?.preference_compliance ?? null,
    capability: judged(general, thresholds?.capability),
    // Where nobody looked there is no count.
    collapse: judged(checked.length === 0 ? null : alerts.length, thresholds?.collapse),
    alerts,
  };
}

/** Of a baseline that could do nothing there is nothing to keep. */
function ratioOf(last: number | null, baseline: number | null): number | null {
  return last === null || baseline === null || baseline <= 0 ? null : last / baseline;
}

function judged(value: number | null, threshold: string | undefined): HeldThreshold {
  const isOne = threshold !== undefined && thresholdForm.test(threshold);
  return { value, threshold: threshold ?? null, passed: isOne ? meets(value, threshold) : null };
}
