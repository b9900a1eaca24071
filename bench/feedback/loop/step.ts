import type { EvalMetrics, Serving, StepLine } from "../files/step-line.ts";
import type { Preference } from "../preferences/preference.ts";
import { stretchDirectory } from "../serving/serving-places.ts";
import type { JournalPage } from "./journal.ts";
import type { LoopParts, Trained } from "./loop-parts.ts";
import { measureStep } from "./measurements.ts";
import { collectSamples, type BatchSample } from "./samples.ts";
import { StepUpdates, updateUnderLoad } from "./updates.ts";

export interface StepOrder {
  readonly preference: Preference;
  readonly loraId: string;
  readonly step: number;
  readonly baseline: EvalMetrics;
}

type Missing = StepLine["missing"][number];

/** One step: answers, the service alone, updates under load, the service alone again, metrics. Returns its line. */
export async function runStep(parts: LoopParts, order: StepOrder, page: JournalPage): Promise<StepLine> {
  const { settings } = parts;
  const { preference, loraId, step, baseline } = order;
  const trained: Trained = { preference: preference.name, loraId };
  const place = { preference: preference.name, step, phase: "samples" };
  const samples = await parts.evidence.of(place, () => collectSamples(parts, order, page));
  const feedback = Array.from({ length: settings.feedback_repetitions }, () => preference.feedback).join(" ");
  const updates = new StepUpdates(parts, trained, page, {
    loraId,
    samples: samples.flatMap(({ prompt, response }) => (response === null ? [] : [{ prompt, response }])),
    feedback,
    training: settings.training,
  });
  const before = await aloneStretch(parts, { trained, phase: "before" }, page);
  const during = await updateUnderLoad(parts, { trained, page, step, updates });
  const after = await aloneStretch(parts, { trained, phase: "after" }, page);
  const { metrics, missing } = await measureStep(parts, { preference, loraId, baseline }, page);
  const made = updates.result();
  return {
    preference: preference.name,
    step,
    timestamp: parts.wallIso(),
    feedback_given: feedback,
    sdpo_metrics: made.metrics,
    eval: metrics,
    prompt_used: samples[0]?.prompt ?? "",
    response_text: samples.find(({ response }) => response !== null)?.response ?? null,
    timing_s: page.elapsedS,
    sub_step_count: made.made,
    samples: samples.map(sampleLine),
    trained_tokens: made.trainedTokens,
    uncertain_updates: made.uncertain,
    missing: [
      ...samples.flatMap(missingSample),
      ...made.missing,
      ...[before, during, after].flatMap((stretch) => stretch?.missing ?? []),
      ...missing,
    ],
    serving: threeStretches(before?.serving, during?.during, after?.serving),
  };
}

interface Alone {
  readonly trained: Trained;
  readonly phase: "before" | "after";
}

interface ServedAlone {
  readonly serving: Serving | null;
  readonly missing: readonly Missing[];
}

/** The service under load with nothing else going on; null where nothing of it is measured. */
export async function aloneStretch(
  parts: LoopParts,
  { trained, phase }: Alone,
  page: JournalPage,
): Promise<ServedAlone | null> {
  const { windows, cancelled, modelName, runDirectory } = parts;
  if (windows === null) return null;
  const known = page.all("served").find((entry) => entry.phase === phase);
  if (known !== undefined) return known;
  parts.checkpoint();
  const where = page.step === null ? "baseline" : `step ${page.step}`;
  parts.phase(`${trained.preference}, ${where}: serving ${phase} updates`);
  const place = { preference: trained.preference, step: page.step, phase };
  const stretch = await windows.alone(stretchDirectory(runDirectory, place), modelName(trained.loraId));
  if (cancelled.aborted) parts.checkpoint();
  const missing =
    stretch.unread === null ? [] : [{ what: "serving", on: `queue ${phase}`, why: stretch.unread }];
  await page.add({ type: "served", phase, serving: stretch.serving, missing });
  return { serving: stretch.serving, missing };
}

/** Three that can be held against each other, or none. */
function threeStretches(
  before: Serving | null | undefined,
  during: Serving | null | undefined,
  after: Serving | null | undefined,
): StepLine["serving"] {
  return before && during && after ? { before, during, after } : null;
}

function sampleLine({ prompt, response, finishReason, failure }: BatchSample): StepLine["samples"][number] {
  return { prompt, response, finish_reason: finishReason, failure };
}

function missingSample({ failure }: BatchSample, index: number): readonly Missing[] {
  return failure === null ? [] : [{ what: "sample", on: `sample ${index + 1}`, why: failure }];
}
