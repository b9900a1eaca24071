import type { ReportDocument } from "../../report/tables/document.ts";
import { numberText, signedText } from "../../report/tables/number-text.ts";
import type { Value } from "../../report/tables/cell-metrics.ts";
import type { FeedbackReport, PreferenceReport } from "./feedback-report.ts";
import { feedbackTables, nameText, trainerText } from "./feedback-tables.ts";
import { servingIntervals, servingSections } from "./serving-pictures.ts";
import { stepPlots } from "./step-pictures.ts";
import { phases, servingQuantities, type ServingQuantity } from "./serving-report.ts";

/** The report of a run of the preference loop. Pure. */
export function feedbackDocument(report: FeedbackReport): ReportDocument {
  const { sections, leftOut } = stepPlots(report);
  const intervals = servingIntervals(report);
  const serving = servingSections(report);
  const without = [...leftOut, ...(serving.length === 0 ? ["Serving by step: nothing was measured."] : [])];
  const head = headLines(report);
  const { verdict, reasons } = verdictOf(report);
  return {
    title: nameText(report.runId),
    head: [...head, `verdict: ${verdict}`, ...reasons.map((reason) => `  ${reason}`)],
    simulated: report.simulated,
    notice: null,
    tables: [...feedbackTables(report)],
    warnings: report.warnings.map(nameText),
    definitions,
    csv: csvRows(report),
    json: report,
    page: {
      verdict: { head, verdict, reasons },
      next: null,
      answer: intervals === null ? [] : servingAnswers(report),
      tablesFirst: 1,
      intervals,
      sections: [...sections, ...serving],
      tables:
        without.length === 0 ? [] : [{ title: "Plots left out", columns: [], rows: [], notes: without }],
    },
  };
}

function headLines({ runId, simulated, plan, agent, machine, createdAt, harness, note }: FeedbackReport) {
  const facts =
    plan === null
      ? [harness === "claas" ? "A results folder of CLaaS' own evaluation; only its files are known." : ""]
      : [
          `${nameText(plan.baseModel)}, trained by ${trainerText(plan)}; answers ${answersText(plan.answers)}${agent === null ? "" : ` (${agent.name} ${agent.version})`}; ${plan.batchSize} samples a step, ${plan.stepsPerBatch} updates by them`,
        ];
  return [
    `Preference loop ${nameText(runId)}`,
    ...(simulated
      ? ["SIMULATED TRAINER: what it learns and its times follow a stated law, and no model was trained."]
      : []),
    ...facts,
    [createdAt, machine].filter((text) => text !== null).join(", "),
    ...(note === "" ? [] : [nameText(note)]),
  ].filter((text) => text !== "");
}

function answersText(answers: NonNullable<FeedbackReport["plan"]>["answers"]): string {
  if (answers === "proxy") return "from the trainer's proxy";
  return answers === "openclaw" ? "through OpenClaw" : "through an OpenClaw that runs already";
}

/** In words: whether the run is whole, and which preferences are not what was wanted. */
export function verdictOf(report: FeedbackReport): {
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** Preferences that do not hold a threshold, and those of which one is not known. */
  readonly failing: number;
  readonly unknown: number;
} {
  const { preferences, state, plan } = report;
  const unfinished = preferences.filter(({ steps, planned }) => planned !== null && steps.length < planned);
  const failed = preferences.filter((one) => failures(one).length > 0);
  const unknown = preferences.filter((one) => unknowns(one).length > 0);
  const named = (names: readonly PreferenceReport[]) => names.map(({ name }) => nameText(name)).join(", ");
  const reasons = [
    ...(unfinished.length === 0 ? [] : [`not finished: ${named(unfinished)}`]),
    ...failed.map((one) => `${nameText(one.name)}: ${failures(one).join("; ")}`),
    ...(plan === null
      ? ["no thresholds were stated"]
      : unknown.map((one) => `${nameText(one.name)}: not known: ${unknowns(one).join(", ")}`)),
    ...preferences.flatMap(({ name, training }) =>
      training.uncertainUpdates === 0
        ? []
        : [
            `${nameText(name)}: ${training.uncertainUpdates} updates of which it is not known whether they were made`,
          ],
    ),
  ];
  const found = { reasons, failing: failed.length, unknown: unknown.length };
  if (unfinished.length > 0) return { verdict: state ?? "not finished", ...found };
  if (failed.length > 0) return { verdict: "thresholds not held", ...found };
  return { verdict: plan === null || unknown.length > 0 ? "cannot tell" : "thresholds held", ...found };
}

export function isWhole({ preferences }: FeedbackReport): boolean {
  return preferences.every(({ steps, planned }) => planned === null || steps.length >= planned);
}

/** In a word for lists, with how many of the preferences it is true of; null where no thresholds were stated, or the run is not whole. */
export function heldVerdict(
  report: FeedbackReport,
): { readonly worst: string; readonly cells: number; readonly of: number } | null {
  if (report.plan === null || !isWhole(report)) return null;
  const of = report.preferences.length;
  const { verdict, failing, unknown } = verdictOf(report);
  if (verdict === "thresholds not held") return { worst: "not held", cells: failing, of };
  return verdict === "cannot tell"
    ? { worst: verdict, cells: unknown, of }
    : { worst: "held", cells: of, of };
}

export function failures({ outcome }: PreferenceReport): readonly string[] {
  const { learned, compliance, capability, collapse, alerts } = outcome;
  return [
    ...(learned.passed === false
      ? [`margin delta ${signedText(learned.value ?? 0)}, wanted ${learned.threshold}`]
      : []),
    ...(compliance.passed === false
      ? [`compliance ${numberText(compliance.value)}, wanted ${compliance.threshold}`]
      : []),
    ...(capability.passed === false
      ? [`capability ratio ${numberText(capability.value)}, wanted ${capability.threshold}`]
      : []),
    ...(collapse.passed === false
      ? [
          `collapse alerted at step ${alerts.map(({ step }) => step).join(", ")}, wanted ${collapse.threshold}`,
        ]
      : []),
  ];
}

function unknowns({ outcome: { learned, compliance, capability, collapse } }: PreferenceReport) {
  return Object.entries({ learned, compliance, capability, collapse }).flatMap(([name, { passed }]) =>
    passed === null ? [name] : [],
  );
}

/** What training does to those who are served, in sentences. */
export function servingAnswers({ preferences }: FeedbackReport): readonly string[] {
  return preferences.flatMap(({ name, serving }) => {
    const added = serving?.differences.during["ttftP50Ms"];
    const before = serving?.before.values["ttftP50Ms"]?.value ?? null;
    if (added === undefined || added.value === null || added.low === null || added.high === null) return [];
    const share = before === null || before === 0 ? "" : ` (${signedText((100 * added.value) / before)} %)`;
    const sure = added.low > 0 ? "slower" : added.high < 0 ? "faster" : "cannot tell";
    return [
      `${nameText(name)}: while it is trained, TTFT p50 is ${signedText(added.value)} ms${share}, 95 % ${signedText(added.low)} to ${signedText(added.high)}, ${added.count} steps: ${sure}.`,
    ];
  });
}

function csvRows({ runId, preferences }: FeedbackReport): ReportDocument["csv"] {
  return preferences.flatMap(({ name, steps }) =>
    steps.map(
      ({ step, timestamp, eval: metrics, training, serving, medians, ...rest }): Record<string, Value> => {
        const { logprob_margin, preference_compliance, general, collapse } = metrics;
        return {
          run: runId,
          preference: name,
          step,
          timestamp,
          positive_logprob: logprob_margin?.positive_logprob ?? null,
          negative_logprob: logprob_margin?.negative_logprob ?? null,
          margin: logprob_margin?.margin ?? null,
          margin_delta_from_baseline: logprob_margin?.margin_delta_from_baseline ?? null,
          preference_compliance,
          coding_correct: general?.coding_correct ?? null,
          ifeval_pass_rate: general?.ifeval_pass_rate ?? null,
          general_score: general?.general_score ?? null,
          mean_entropy: collapse?.mean_entropy ?? null,
          entropy_ratio_to_baseline: collapse?.entropy_ratio_to_baseline ?? null,
          self_rouge_l: collapse?.self_rouge_l ?? null,
          mean_logprob_drift: collapse?.mean_logprob_drift ?? null,
          collapse_alert: collapse?.alert ?? null,
          seconds: rest.seconds,
          updates: rest.updates,
          trained_tokens: rest.trainedTokens,
          uncertain_updates: rest.uncertainUpdates,
          samples_failed: rest.samples?.failed ?? null,
          missing: rest.missing.length,
          ...servingColumns({ serving, medians }),
          ...Object.fromEntries(
            Object.entries(training ?? {}).map(([key, value]) => [`training_${key}`, value]),
          ),
        };
      },
    ),
  );
}

function servingColumns({
  serving,
  medians,
}: Pick<PreferenceReport["steps"][number], "serving" | "medians">): Record<string, Value> {
  const names = Object.keys(servingQuantities) as readonly ServingQuantity[];
  return Object.fromEntries(
    phases.flatMap((phase) =>
      names.map((name) => [
        `${phase}_${name}`,
        serving === null
          ? null
          : servingQuantities[name]({ said: serving[phase], medians: medians?.[phase] ?? null }),
      ]),
    ),
  );
}

const definitions: ReportDocument["definitions"] = Object.entries({
  step: "answers to a batch of prompts, updates by feedback to them, then the metrics; the baseline is measured before the first",
  margin:
    "log-probability of the preferred answer minus that of the dispreferred one, sums over their tokens, mean over the pairs of the preference, nats",
  interval: "95 %, Student's t over steps; a step is a unit",
  verdict:
    "values of the last step, and the number of steps that alerted a collapse, held against the thresholds of the run. What could not be measured is neither passed nor failed",
  simulated:
    "a simulated trainer has no model: probabilities move by a law that the documents state, so they show the harness and not a training",
}).map(([term, meaning]) => ({ term, meaning }));
