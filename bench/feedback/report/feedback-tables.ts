import type { Estimate } from "../../analysis/estimates/estimate.ts";
import { printable } from "../../report/formats/printable.ts";
import {
  absent,
  differenceText,
  estimateText,
  numberText,
  percentText,
  signedText,
} from "../../report/tables/number-text.ts";
import { filled, left, right, type Table, type TableOf } from "../../report/tables/table.ts";
import type { FeedbackReport, PreferenceReport, StepReport } from "./feedback-report.ts";
import type { HeldThreshold } from "./outcome.ts";
import { phases, type Phase, type ServingQuantity, type ServingReport } from "./serving-report.ts";

/** A name that somebody else's file may hold, in one line. */
export function nameText(name: string): string {
  return printable(name).replaceAll("\n", "\\n");
}

/** `simulated` is no address. */
export function trainerText({ trainer }: Pick<NonNullable<FeedbackReport["plan"]>, "trainer">): string {
  return trainer === "simulated" ? "a simulated trainer" : nameText(trainer);
}

/** `passed`, `FAILED`, or that nobody can say. */
export function passedText({ passed, value }: HeldThreshold): string {
  if (passed === null) return value === null ? "not known" : "";
  return passed ? "passed" : "FAILED";
}

function verdictText(verdict: HeldThreshold, text: (value: number) => string): string {
  const { value, threshold } = verdict;
  const held = [passedText(verdict), ...(threshold === null ? [] : [threshold])].join(" ");
  return `${value === null ? absent : text(value)}\n${held}`.trimEnd();
}

export function stepsText({ steps, planned }: Pick<PreferenceReport, "steps" | "planned">): string {
  return planned === null ? String(steps.length) : `${steps.length}/${planned}`;
}

/** `none`, or the steps that alerted. */
export function alertsText({ outcome }: Pick<PreferenceReport, "outcome">): string {
  if (outcome.collapse.value === null) return absent;
  return outcome.alerts.length === 0 ? "none" : `at ${outcome.alerts.map(({ step }) => step).join(", ")}`;
}

export const outcomes: TableOf<PreferenceReport> = {
  title: "What was learned",
  columns: [
    left("preference", ({ name }) => nameText(name)),
    right("steps", stepsText, "Steps that are done, of those that were planned."),
    right(
      "margin\nbaseline",
      ({ baseline }) => numberText(baseline?.logprob_margin?.margin ?? null),
      "log p(preferred answer) minus log p(dispreferred answer), nats; sums over the tokens of an answer, mean over the preference's pairs. Above 0 the preferred one is likelier.",
    ),
    left(
      "margin\ndelta",
      ({ outcome }) => verdictText(outcome.learned, signedText),
      "Margin of the last step minus that of the baseline, with its threshold (`thresholds.learned`).",
    ),
    right(
      "compliance\nbaseline",
      ({ outcome }) => numberText(outcome.baselineCompliance),
      "The verifier's mean score of the answers to the preference's first three prompts, 0 to 1, before anything was trained. An answer of which a reader sees nothing (empty, or cut in its thoughts) is left out and named; CLaaS' `no_emoji` gives it 1.",
    ),
    left(
      "compliance\nlast step",
      ({ outcome }) => verdictText(outcome.compliance, numberText),
      "The same after the last step, with its threshold (`thresholds.compliance`).",
    ),
    left(
      "capability\nratio",
      ({ outcome }) => verdictText(outcome.capability, numberText),
      "General score of the last step over that of the baseline, with its threshold (`thresholds.capability`); not known where the baseline has 0. CLaaS' own summary then says 1.",
    ),
    left(
      "collapse\nalerts",
      (one) =>
        `${alertsText(one)}\n${passedText(one.outcome.collapse)} ${one.outcome.collapse.threshold ?? ""}`.trimEnd(),
      "Steps at which collapse was alerted, with the threshold of their number (`thresholds.collapse`); `-`: no step was checked. Without log-probabilities an alert rests on self-ROUGE-L alone.",
    ),
  ],
};

interface PhaseRow {
  readonly name: string;
  readonly phase: Phase;
  readonly serving: ServingReport;
}

function valueOf({ serving, phase }: PhaseRow, quantity: ServingQuantity): Estimate {
  return serving[phase].values[quantity] ?? { value: null, count: 0, low: null, high: null };
}

const quantity = (head: string, name: ServingQuantity, meaning: string) =>
  right<PhaseRow>(head, (row) => estimateText(valueOf(row, name)), meaning);

export const serving: TableOf<PhaseRow> = {
  title: "Serving while training",
  columns: [
    left("preference", ({ name, phase }) => (phase === "before" ? nameText(name) : "")),
    left("stretch", ({ phase }) => phase, "Of a step: before its updates, while they are made, after them."),
    right("requests", ({ serving: one, phase }) => String(one[phase].requests)),
    right("failed", ({ serving: one, phase }) => String(one[phase].failed)),
    quantity(
      "TTFT p50\nms",
      "ttftP50Ms",
      "Median time to first token of the requests of a stretch, from the tap; mean over steps [95 %].",
    ),
    quantity("TTFT p95\nms", "ttftP95Ms", "The same of the 95th percentile."),
    quantity("E2E p50\nms", "e2eP50Ms", "Median time of a whole request; mean over steps [95 %]."),
    quantity(
      "output\ntokens/s",
      "outputTokensPerSecond",
      "Output tokens of all requests of a stretch, over its length.",
    ),
    quantity(
      "running",
      "running",
      "Requests that the server worked on, by its `/metrics`; mean over samples.",
    ),
    quantity("waiting", "waiting", "Requests in the server's queue, by its `/metrics`; mean over samples."),
  ],
};

export const servingDifferences: TableOf<{
  name: string;
  phase: "during" | "after";
  serving: ServingReport;
}> = {
  title: "What training adds to serving",
  columns: [
    left("preference", ({ name, phase }) => (phase === "during" ? nameText(name) : "")),
    left("difference", ({ phase }) => `${phase} − before`),
    ...(
      [
        ["TTFT p50\nms", "ttftP50Ms"],
        ["E2E p50\nms", "e2eP50Ms"],
        ["output\ntokens/s", "outputTokensPerSecond"],
        ["waiting", "waiting"],
      ] as const
    ).map(([head, name]) =>
      right<{ phase: "during" | "after"; serving: ServingReport }>(
        head,
        ({ serving: one, phase }) => differencesText(one.differences[phase][name]),
        "Step by step, minus what the same step had before its updates; mean over steps [95 %].",
      ),
    ),
  ],
};

function differencesText(estimate: Estimate | undefined): string {
  return estimate === undefined || estimate.value === null ? absent : differenceText(estimate);
}

export const training: TableOf<PreferenceReport> = {
  title: "Training",
  columns: [
    left("preference", ({ name }) => nameText(name)),
    left("adapter", ({ loraId }) => (loraId === null ? absent : nameText(loraId))),
    right("updates", ({ training: one }) => wholeText(one.updates), "Updates that were made, of all steps."),
    right(
      "uncertain",
      ({ training: one }) => String(one.uncertainUpdates),
      "Updates of which it is not known whether they were made: the driver died while they were, and the trainer does not count.",
    ),
    right(
      "tokens\ntrained",
      ({ training: one }) => wholeText(one.trainedTokens),
      "Tokens of the answers, over all updates; `-` where the trainer does not tell.",
    ),
    right(
      "s/step",
      ({ training: one }) => estimateText(one.secondsPerStep),
      "Wall clock of a step: answers, updates, metrics, and stretches of serving; mean over steps [95 %].",
    ),
    left("feedback", ({ feedback }) => (feedback === null ? absent : cut(nameText(feedback), 60))),
  ],
};

export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

export function wholeText(value: number | null): string {
  return value === null ? absent : String(value);
}

interface StepRow {
  readonly name: string;
  readonly at: number;
  readonly step: StepReport;
}

const stepNumber = (head: string, of: (step: StepReport) => number | null, meaning?: string) =>
  right<StepRow>(head, ({ step }) => numberText(of(step)), meaning);

export const steps: TableOf<StepRow> = {
  title: "Steps",
  columns: [
    left("preference", ({ name, at }) => (at === 0 ? nameText(name) : "")),
    right("step", ({ step }) => String(step.step)),
    stepNumber("margin", ({ eval: { logprob_margin } }) => logprob_margin?.margin ?? null),
    right("delta", ({ step }) => deltaText(step), "Margin minus that of the baseline, nats."),
    stepNumber("compli-\nance", ({ eval: { preference_compliance } }) => preference_compliance),
    stepNumber(
      "general",
      ({ eval: { general } }) => general?.general_score ?? null,
      "Half of it for a program that is right, half the share of three instructions that were followed: 0 to 1. Null where one of them got no answer; CLaaS counts that as a failure.",
    ),
    stepNumber(
      "entropy\nratio",
      ({ eval: { collapse } }) => collapse?.entropy_ratio_to_baseline ?? null,
      "Mean entropy of the next token over that of the baseline; alert below 0.6. Null where a server gives no log-probabilities: CLaaS takes 0 there, which alerts.",
    ),
    stepNumber(
      "self\nROUGE-L",
      ({ eval: { collapse } }) => collapse?.self_rouge_l ?? null,
      "How alike three answers to one prompt are, 0 to 1; alert above 0.85.",
    ),
    stepNumber(
      "drift",
      ({ eval: { collapse } }) => collapse?.mean_logprob_drift ?? null,
      "How far the mean log-probability of a token is from the baseline's, nats; alert above 2.",
    ),
    left("alert", ({ step }) => alertText(step)),
    right(
      "loss",
      ({ step }) => numberText(step.training?.["distill_loss"] ?? step.training?.["adv_mean"] ?? null),
      "`distill_loss` of the last update, or `adv_mean` where the trainer tells that.",
    ),
    stepNumber("s", ({ seconds }) => seconds),
    right(
      "missing",
      ({ step }) => String(step.missing.length),
      "What the step could not measure: see What is missing.",
    ),
  ],
};

function deltaText({ eval: { logprob_margin } }: StepReport): string {
  const delta = logprob_margin?.margin_delta_from_baseline ?? null;
  return delta === null ? absent : signedText(delta);
}

/** Empty at a step that was not checked. */
function alertText({ eval: { collapse } }: StepReport): string {
  if (collapse === null) return "";
  return collapse.alert ? "ALERT" : "no";
}

function alertNotes({ preferences }: FeedbackReport): readonly string[] {
  return preferences.flatMap(({ name, outcome }) =>
    outcome.alerts.map(
      ({ step, reasons }) =>
        `Alert at step ${step} of ${nameText(name)}${reasons.length === 0 ? "" : `: ${reasons.map(nameText).join("; ")}`}`,
    ),
  );
}

/** What could not be measured, alike things together. */
export function missingTable({ preferences }: FeedbackReport): Table {
  const all = preferences.flatMap(({ name, steps: own }) =>
    own.flatMap(({ step, missing }) => missing.map((one) => ({ name, step, ...one }))),
  );
  const groups = [...Map.groupBy(all, ({ what, why }) => JSON.stringify([what, why])).values()];
  return {
    title: "What is missing",
    columns: [left("what"), right("times"), left("first"), left("why")],
    rows: groups.flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const place = `${nameText(first.name)}, step ${first.step}, ${nameText(first.on)}`;
      return [[nameText(first.what), String(group.length), place, cut(nameText(first.why), 300)]];
    }),
    notes: groups.length === 0 ? ["Nothing that the steps should have is missing."] : [],
  };
}

export function stepsTable(report: FeedbackReport): Table {
  return filled(
    steps,
    report.preferences.flatMap(({ name, steps: own }) => own.map((step, at) => ({ name, at, step }))),
    alertNotes(report),
  );
}

/** Every table, in the order of reading. */
export function feedbackTables(report: FeedbackReport): readonly Table[] {
  const { preferences } = report;
  const measured = preferences.flatMap(({ name, serving: own }) =>
    own === null ? [] : [{ name, serving: own }],
  );
  return [
    filled(outcomes, preferences, outcomeNotes(report)),
    ...(measured.length === 0
      ? [unserved(report)]
      : [
          filled(
            serving,
            measured.flatMap((one) => phases.map((phase) => ({ ...one, phase }))),
            failedShareNotes(report),
          ),
          filled(
            servingDifferences,
            measured.flatMap((one) => (["during", "after"] as const).map((phase) => ({ ...one, phase }))),
            [
              "A step is a unit. Steps that follow each other are alike, so the intervals are rather too narrow.",
            ],
          ),
        ]),
    filled(training, preferences, ruleNotes(report)),
    missingTable(report),
    stepsTable(report),
  ];
}

function outcomeNotes({ plan, state, preferences }: FeedbackReport): readonly string[] {
  const unfinished = preferences.some(({ steps: own, planned }) => planned !== null && own.length < planned);
  return [
    ...(plan === null ? ["The original harness states no thresholds, so nothing is passed or failed."] : []),
    ...(unfinished
      ? [`Not finished${state === null ? "" : ` (${state})`}: \`last step\` is the last one so far.`]
      : []),
  ];
}

/** What its verifier lets pass says what the compliance of a preference is. */
function ruleNotes({ plan }: FeedbackReport): readonly string[] {
  return (plan?.preferences ?? []).flatMap(({ name, rule }) =>
    rule === undefined ? [] : [`What passes for ${nameText(name)}: ${cut(nameText(rule), 300)}.`],
  );
}

function unserved({ plan }: FeedbackReport): Table {
  const why =
    plan === null
      ? "The original harness does not measure it."
      : plan.serving === null
        ? "It was not asked for (`serving: null`)."
        : "No step has measured it.";
  return { title: serving.title, columns: serving.columns, rows: [], notes: [why] };
}

function failedShareNotes({ serving: all }: FeedbackReport): readonly string[] {
  const { before, during, after } = all ?? {};
  const failed = (before?.failed ?? 0) + (during?.failed ?? 0) + (after?.failed ?? 0);
  const requests = (before?.requests ?? 0) + (during?.requests ?? 0) + (after?.requests ?? 0);
  if (failed === 0 || requests === 0) return [];
  return [
    `${percentText(failed / requests)} of the requests failed. They are in no latency, so a service that refuses looks fast.`,
  ];
}
