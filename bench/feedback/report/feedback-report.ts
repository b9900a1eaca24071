import { z } from "zod";
import { estimateSchema } from "../../analysis/estimates/estimate.ts";
import { driverOf } from "../../store/driver-lock.ts";
import { feedbackPlanSchema } from "../../store/feedback-plan.ts";
import { runState } from "../../store/progress.ts";
import { readRun } from "../../store/read-run.ts";
import type { RunJson } from "../../store/run-json.ts";
import { runSeconds } from "../../store/run-length.ts";
import { readFeedbackRun, type FeedbackRun, type StoredPreference } from "../files/read-feedback-run.ts";
import { evalMetricsSchema, missingSchema, stepLineSchema } from "../files/step-line.ts";
import type { ReadStep } from "../files/stored-step.ts";
import { outcomeOf, outcomeSchema } from "./outcome.ts";
import {
  meanEstimate,
  servingReport,
  servingReportSchema,
  type Phase,
  type ServedStep,
} from "./serving-report.ts";
import { medianOf, stepTimes, type KnownTimes, type StepRequestTimes } from "./stretch-times.ts";

const number = z.number().nullable();
const metricsSchema = evalMetricsSchema.omit({ rollouts: true });

const mediansSchema = z.object({ requests: z.number().int(), ttftMs: number, e2eMs: number });

/** A step without its texts. */
const stepSchema = z.object({
  step: z.number().int(),
  timestamp: z.string(),
  eval: metricsSchema,
  training: stepLineSchema.shape.sdpo_metrics,
  seconds: number,
  updates: number,
  trainedTokens: number,
  uncertainUpdates: z.number().int(),
  /** null: the harness that wrote it does not say. */
  samples: z.object({ asked: z.number().int(), failed: z.number().int() }).nullable(),
  missing: z.array(missingSchema),
  serving: stepLineSchema.shape.serving,
  /** Medians of the requests of each stretch, however few, milliseconds; null where nothing was measured, or its evidence is gone. */
  medians: z.object({ before: mediansSchema, during: mediansSchema, after: mediansSchema }).nullable(),
});
export type StepReport = z.infer<typeof stepSchema>;

const preferenceSchema = z.object({
  name: z.string(),
  /** What is said of every answer; null where neither plan nor steps say it. */
  feedback: z.string().nullable(),
  loraId: z.string().nullable(),
  /** Steps; null: nobody says. */
  planned: number,
  baseline: metricsSchema.nullable(),
  steps: z.array(stepSchema),
  outcome: outcomeSchema,
  serving: servingReportSchema.nullable(),
  training: z.object({
    updates: number,
    trainedTokens: number,
    uncertainUpdates: z.number().int(),
    secondsPerStep: estimateSchema,
  }),
});
export type PreferenceReport = z.infer<typeof preferenceSchema>;

/** Everything that a report of the preference loop says; `report.json` is this. */
export const feedbackReportSchema = z.object({
  v: z.literal(1),
  kind: z.literal("feedback"),
  /** `claas`: a folder of the original harness, of which nothing is known but its files. */
  harness: z.enum(["tollgate", "claas"]),
  runId: z.string(),
  experiment: z.string(),
  note: z.string(),
  createdAt: z.string().nullable(),
  simulated: z.boolean(),
  state: z.string().nullable(),
  /** Of all its calls, wall clock. */
  seconds: number,
  agent: z.object({ name: z.string(), version: z.string() }).nullable(),
  machine: z.string().nullable(),
  plan: feedbackPlanSchema.nullable(),
  preferences: z.array(preferenceSchema),
  /** Over all preferences. */
  serving: servingReportSchema.nullable(),
  warnings: z.array(z.string()),
});
export type FeedbackReport = z.infer<typeof feedbackReportSchema>;

/**
 * The report of a run of the preference loop from its directory alone, and not from an earlier report or `summary.json`. Works on one
 * that goes on. Throws ConfigError where the folder is no such run, RunUnreadableError where its own records are damaged.
 */
export async function buildFeedbackReport(directory: string): Promise<FeedbackReport> {
  return await feedbackReportOf(await readFeedbackRun(directory));
}

/**
 * The same of a run that has been read. Throws RunUnreadableError.
 * @param known what an earlier report of it has read of its evidence
 */
export async function feedbackReportOf(
  stored: FeedbackRun,
  known: KnownTimes = new Map(),
): Promise<FeedbackReport> {
  const { identity } = stored;
  const about = identity === null ? aboutOriginal(stored) : await aboutOwn(stored.directory, identity);
  const plan = identity?.feedback ?? null;
  const measured: MeasuredSteps[] = [];
  for (const one of stored.preferences) measured.push(await measuredSteps(stored.directory, one, known));
  const warnings = [...about.warnings, ...stored.warnings, ...measured.flatMap(({ warnings: own }) => own)];
  return {
    v: 1,
    kind: "feedback",
    ...about,
    plan,
    preferences: measured.map((one) => preferenceReport(one, plan)),
    serving: servingReport(measured.flatMap(({ served }) => served)),
    warnings,
  };
}

type About = Pick<
  FeedbackReport,
  | "harness"
  | "runId"
  | "experiment"
  | "note"
  | "createdAt"
  | "simulated"
  | "state"
  | "seconds"
  | "agent"
  | "machine"
  | "warnings"
>;

async function aboutOwn(directory: string, identity: RunJson): Promise<About> {
  const { records, warnings } = await readRun(directory);
  const { runId, experiment, note, createdAt, simulated, agent, host } = identity;
  return {
    harness: "tollgate",
    runId,
    experiment,
    note,
    createdAt,
    simulated,
    state: runState(records, (await driverOf(directory)) !== null),
    seconds: runSeconds(records),
    agent,
    machine: `${host.cpuCount} x ${host.cpuModel}${host.gpus.length > 0 ? `, ${host.gpus.join(", ")}` : ""}`,
    warnings: warnings.map(({ file, line, message }) => `${file}${line > 0 ? `:${line}` : ""}: ${message}`),
  };
}

/** When it was begun, its first step says. */
function aboutOriginal({ name, preferences }: FeedbackRun): About {
  const [first] = preferences
    .flatMap(({ steps }) => steps.flatMap(({ timestamp }) => (timestamp === "" ? [] : [timestamp])))
    .toSorted();
  return {
    harness: "claas",
    runId: name,
    experiment: name,
    note: "",
    createdAt: first ?? null,
    simulated: false,
    state: null,
    seconds: null,
    agent: null,
    machine: null,
    warnings: [],
  };
}

interface MeasuredSteps {
  readonly stored: StoredPreference;
  readonly served: readonly ServedStep[];
  readonly times: ReadonlyMap<number, StepRequestTimes>;
  readonly warnings: readonly string[];
}

async function measuredSteps(
  directory: string,
  stored: StoredPreference,
  known: KnownTimes,
): Promise<MeasuredSteps> {
  const served: ServedStep[] = [];
  const times = new Map<number, StepRequestTimes>();
  const warnings: string[] = [];
  for (const { step, serving } of stored.steps) {
    if (serving === null) continue;
    const seen = await stepTimes(directory, { preference: stored.name, step }, known);
    served.push({ serving, times: seen.times });
    if (seen.times !== null) times.set(step, seen.times);
    warnings.push(...seen.warnings);
  }
  return { stored, served, times, warnings };
}

function preferenceReport(
  { stored, served, times }: MeasuredSteps,
  plan: FeedbackReport["plan"],
): PreferenceReport {
  const { name, loraId, planned, baseline, steps } = stored;
  const uncertain = steps.reduce((sum, { uncertain_updates }) => sum + uncertain_updates, 0);
  const own = plan?.preferences.find((one) => one.name === name);
  return {
    name,
    feedback:
      own?.feedback ?? steps.find(({ feedback_given }) => feedback_given !== "")?.feedback_given ?? null,
    loraId,
    planned,
    baseline: baseline === null ? null : withoutRollouts(baseline),
    steps: steps.map((line) => stepReport(line, times.get(line.step) ?? null)),
    outcome: outcomeOf(stored, plan?.thresholds ?? null),
    serving: servingReport(served),
    training: {
      updates: sumOfAll(steps.map(({ sub_step_count }) => sub_step_count)),
      trainedTokens: sumOfAll(steps.map(({ trained_tokens }) => trained_tokens)),
      uncertainUpdates: uncertain,
      secondsPerStep: meanEstimate(steps.map(({ timing_s }) => timing_s)),
    },
  };
}

function stepReport(line: ReadStep, times: StepRequestTimes | null): StepReport {
  const { samples } = line;
  const medians = (phase: Phase) => {
    const { ttftMs, e2eMs } = times?.[phase] ?? { ttftMs: [], e2eMs: [] };
    return { requests: e2eMs.length, ttftMs: medianOf(ttftMs), e2eMs: medianOf(e2eMs) };
  };
  return {
    step: line.step,
    timestamp: line.timestamp,
    eval: withoutRollouts(line.eval),
    training: line.sdpo_metrics,
    seconds: line.timing_s,
    updates: line.sub_step_count,
    trainedTokens: line.trained_tokens,
    uncertainUpdates: line.uncertain_updates,
    samples:
      samples.length === 0
        ? null
        : { asked: samples.length, failed: samples.filter(({ response }) => response === null).length },
    missing: line.missing,
    serving: line.serving,
    medians:
      times === null
        ? null
        : { before: medians("before"), during: medians("during"), after: medians("after") },
  };
}

function withoutRollouts(metrics: ReadStep["eval"]): z.infer<typeof metricsSchema> {
  const { logprob_margin, preference_compliance, general, collapse } = metrics;
  return { logprob_margin, preference_compliance, general, collapse };
}

/** null where one of them is not known, or where there is none: then the sum is not known either. */
function sumOfAll(values: readonly (number | null)[]): number | null {
  let sum: number | null = null;
  for (const value of values) {
    if (value === null) return null;
    sum = (sum ?? 0) + value;
  }
  return sum;
}
