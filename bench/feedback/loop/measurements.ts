import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { evalMetricsSchema, type EvalMetrics, type StepLine } from "../files/step-line.ts";
import type { FeedbackMetric, MetricContext, MetricName } from "../metrics/metric.ts";
import type { Preference } from "../preferences/preference.ts";
import { Interruption } from "./interruption.ts";
import type { JournalPage } from "./journal.ts";
import type { LoopParts } from "./loop-parts.ts";
import { seedAt, seededModel } from "./seeds.ts";

interface Measuring {
  readonly preference: Preference;
  readonly loraId: string;
  /** What was measured before training; null while that is being measured. */
  readonly baseline: EvalMetrics | null;
}

export interface MeasuredStep {
  readonly metrics: EvalMetrics;
  readonly missing: StepLine["missing"];
}

/** All metrics that take part in a step, one after the other; those that an earlier driver has measured are not measured again. */
export async function measureStep(
  parts: LoopParts,
  measuring: Measuring,
  page: JournalPage,
): Promise<MeasuredStep> {
  for (const metric of parts.metrics) {
    // In the baseline all take part, or later steps had nothing to be held against.
    if (page.step !== null && !metric.atStep(page.step, parts.settings.collapse_steps)) continue;
    if (page.all("measured").some((known) => known.metric === metric.name)) continue;
    parts.checkpoint();
    const where = page.step === null ? "baseline" : `step ${page.step}`;
    parts.phase(`${measuring.preference.name}, ${where}: measuring ${metric.name}`);
    const place = { preference: measuring.preference.name, step: page.step, phase: metric.name };
    await parts.evidence.of(place, () => measureOne(parts, { ...measuring, metric }, page));
  }
  return measuredOn(page);
}

async function measureOne(
  parts: LoopParts,
  { metric, ...measuring }: Measuring & { readonly metric: FeedbackMetric },
  page: JournalPage,
): Promise<void> {
  const context = await contextOf(parts, { ...measuring, name: metric.name }, page);
  const { fields, rollouts, missing } = await metric.measure(context).catch((error: unknown) => {
    throw parts.cancelled.aborted ? new Interruption() : error;
  });
  // What was cut short says nothing of the model.
  if (parts.cancelled.aborted) throw new Interruption();
  if (missing.length > 0) await parts.assertAlive();
  for (const { on, why } of missing)
    parts.tell(`warning: ${measuring.preference.name}: ${on} is missing: ${why}`);
  await page.add({
    type: "measured",
    metric: metric.name,
    fields,
    rollouts: rollouts.map(({ messages, ...rest }) => ({ ...rest, messages: [...messages] })),
    missing: missing.map(({ on, why }) => ({ what: "metric", on, why })),
  });
}

async function contextOf(
  parts: LoopParts,
  { preference, loraId, baseline, name }: Measuring & { readonly name: MetricName },
  page: JournalPage,
): Promise<MetricContext> {
  const { settings, trainer, answers, sandbox, cancelled } = parts;
  const place = { seed: settings.seed, preference: preference.name, step: page.step, what: name };
  const folder = page.step === null ? "baseline" : `step-${page.step}`;
  const scratchDirectory = join(parts.scratchDirectory, preference.name, `${folder}-${name}`);
  await mkdir(scratchDirectory, { recursive: true });
  let asked = 0;
  return {
    step: page.step ?? 0,
    preference,
    baseline,
    model: seededModel(trainer.modelOf(loraId), place),
    generate: async (prompt, options = {}) => {
      const seed = seedAt({ ...place, what: `${name} answer` }, asked);
      asked += 1;
      return await answers.answer({ temperature: 0, ...options, prompt, loraId, seed }, cancelled);
    },
    systemPrompt: answers.systemPrompt,
    sandbox,
    scratchDirectory,
    signal: cancelled,
  };
}

/** What a step's page says of its metrics; what was not asked for, or could not be measured, is null. */
function measuredOn(page: JournalPage): MeasuredStep {
  const entries = page.all("measured");
  const nothing = { logprob_margin: null, preference_compliance: null, general: null, collapse: null };
  const metrics = evalMetricsSchema.parse({
    ...nothing,
    ...Object.assign({}, ...entries.map(({ fields }) => fields)),
    rollouts: entries.flatMap(({ rollouts }) => rollouts),
  });
  return { metrics, missing: entries.flatMap(({ missing }) => missing) };
}
