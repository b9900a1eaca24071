import type { ProgressRecord } from "./progress.ts";
import type { RunJson } from "./run-json.ts";

/** How far a run of the preference loop is. */
export interface FeedbackProgress {
  readonly preferences: readonly { readonly name: string; readonly done: number; readonly planned: number }[];
  readonly done: number;
  readonly planned: number;
  /** Of steps that are done, wall clock; null before the first. */
  readonly secondsPerStep: number | null;
  /** What the rest takes at this pace; null while it is not known. */
  readonly etaSeconds: number | null;
  /** Samples without an answer, and things that steps name as missing. */
  readonly failedSamples: number;
  readonly missing: number;
}

/** null where the run is another one. */
export function feedbackProgress(
  { feedback }: Pick<RunJson, "feedback">,
  records: readonly ProgressRecord[],
): FeedbackProgress | null {
  if (feedback === undefined) return null;
  // A driver that was killed between a step's line and its record writes the record when it goes on: at most once counts.
  const steps = [
    ...new Map(
      records.flatMap((record) =>
        record.type === "feedback-step" ? [[`${record.preference}/${record.step}`, record] as const] : [],
      ),
    ).values(),
  ];
  const preferences = feedback.preferences.map(({ name, steps: planned }) => ({
    name,
    done: steps.filter(({ preference }) => preference === name).length,
    planned,
  }));
  const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
  const [done, planned] = [
    sum(preferences.map((one) => one.done)),
    sum(preferences.map((one) => one.planned)),
  ];
  const secondsPerStep = steps.length === 0 ? null : sum(steps.map(({ seconds }) => seconds)) / steps.length;
  return {
    preferences,
    done,
    planned,
    secondsPerStep,
    etaSeconds: secondsPerStep === null ? null : (planned - done) * secondsPerStep,
    failedSamples: sum(steps.map(({ failedSamples }) => failedSamples)),
    missing: sum(steps.map(({ missing }) => missing)),
  };
}
