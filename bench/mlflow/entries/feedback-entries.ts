import { feedbackFiles } from "../../feedback/files/step-line.ts";
import type { FeedbackReport, PreferenceReport, StepReport } from "../../feedback/report/feedback-report.ts";
import { phases } from "../../feedback/report/serving-report.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { MetricPoint } from "../client/batches.ts";
import type { RunStatus } from "../client/mlflow-client.ts";
import { pointsOf, type MlflowEntry, type RunEntries } from "./entry.ts";
import { identityParams, identityTagsOf } from "./run-identity.ts";
import { knownParams } from "./run-params.ts";
import { momentOf, type RunTimes } from "./run-times.ts";
import { metricKey } from "./text-limits.ts";

export interface FeedbackFacts {
  readonly report: FeedbackReport;
  readonly identity: RunJson;
  readonly times: RunTimes;
  readonly note: string;
}

/** A run of the preference loop: what became of each preference, and a child for each with its curves by step. Pure. */
export function feedbackEntries(facts: FeedbackFacts): RunEntries {
  const { report, identity, times, note } = facts;
  const atMs = momentOf(times.whole);
  const status = statusOf(report.state);
  const { plan } = report;
  return {
    runId: identity.runId,
    whole: {
      part: "run",
      name: identity.runId,
      startedMs: times.whole.startedMs,
      endedMs: status === "RUNNING" ? null : atMs,
      status,
      params: {
        ...identityParams({ identity, agentServer: undefined }),
        ...knownParams({ model: plan?.baseModel, trainer: plan?.trainer, answers: plan?.answers }),
      },
      tags: {
        ...identityTagsOf(identity, { note, simulated: report.simulated }),
        "tollgate.state": report.state ?? "unknown",
      },
      metrics: [
        ...report.preferences.flatMap((one) => pointsOf(outcomes(one), { step: 0, atMs })),
        ...pointsOf(serving(report), { step: 0, atMs }),
      ],
      datasets: [],
    },
    parts: report.preferences.map((one) => preferenceEntry(one, facts)),
  };
}

/** Files of it that stand beside its report, below the run directory. */
export function feedbackArtifacts({ preferences }: FeedbackReport): readonly string[] {
  return preferences.flatMap(({ name, steps }) =>
    steps.length === 0 ? [] : [`${name}/${feedbackFiles.steps}`],
  );
}

function statusOf(state: string | null): RunStatus {
  if (state === "running") return "RUNNING";
  if (state === "complete") return "FINISHED";
  return state === "failed" ? "FAILED" : "KILLED";
}

function outcomes({ name, outcome }: PreferenceReport): Readonly<Record<string, number | null>> {
  const { learned, compliance, capability, collapse } = outcome;
  return {
    [metricKey(name, "logprob_margin_delta")]: learned.value,
    [metricKey(name, "final_compliance")]: compliance.value,
    [metricKey(name, "capability_ratio")]: capability.value,
    [metricKey(name, "collapse_alerts")]: collapse.value,
  };
}

/** `serving/during/ttft_p50_ms`: what those saw who were served while something was learned. */
function serving({ serving: served }: FeedbackReport): Readonly<Record<string, number | null>> {
  if (served === null) return {};
  return Object.fromEntries(
    phases.flatMap((phase) => {
      const { values, requests, failed } = served[phase];
      const named = Object.entries(values).map(([name, { value }]) => [snakeCase(name), value] as const);
      return [...named, ["requests", requests] as const, ["failed", failed] as const].map(
        ([name, value]) => [metricKey("serving", phase, name), value] as const,
      );
    }),
  );
}

function preferenceEntry(one: PreferenceReport, { report, times }: FeedbackFacts): MlflowEntry {
  const { name, feedback, loraId, baseline, steps, planned, outcome } = one;
  const moments = steps.map(({ timestamp }) => Date.parse(timestamp)).filter(Number.isFinite);
  const endedMs = moments.at(-1) ?? momentOf(times.whole);
  const isWhole = planned !== null && steps.length >= planned;
  const status = isWhole ? "FINISHED" : unfinished(report.state);
  const hash = report.plan?.preferences.find((planned) => planned.name === name)?.hash;
  const verdicts = Object.entries(outcome).flatMap(([about, held]) =>
    held !== null && typeof held === "object" && "passed" in held && held.passed !== null
      ? [[`tollgate.verdict.${about}`, held.passed ? "passed" : "not passed"] as const]
      : [],
  );
  return {
    part: name,
    name,
    startedMs: times.whole.startedMs,
    endedMs: status === "RUNNING" ? null : endedMs,
    status,
    params: knownParams({
      preference: name,
      feedback,
      lora_id: loraId,
      steps: planned,
      simulated: report.simulated,
    }),
    tags: { "tollgate.simulated": String(report.simulated), ...Object.fromEntries(verdicts) },
    metrics: [
      ...(baseline === null
        ? []
        : pointsOf(prefixed("baseline", evalValues(baseline)), { step: 0, atMs: times.whole.startedMs })),
      ...steps.flatMap((step) => stepPoints(step, endedMs)),
    ],
    datasets:
      hash === undefined
        ? []
        : [
            {
              name,
              digest: hash.slice(0, 32),
              sourceType: "tollgate",
              source: JSON.stringify({ preference: name }),
              profile: JSON.stringify({ feedback }),
            },
          ],
  };
}

/** One that is not whole while its run is complete has lost its files. */
function unfinished(state: string | null): RunStatus {
  return state === "complete" ? "FAILED" : statusOf(state);
}

/** Every number of a step, at its step. */
function stepPoints(step: StepReport, elseMs: number): readonly MetricPoint[] {
  const atMs = Date.parse(step.timestamp);
  const { samples, medians } = step;
  const served = phases.map((phase) => {
    const median = medians?.[phase] ?? null;
    return prefixed(`serving/${phase}`, { ttft_ms: median?.ttftMs ?? null, e2e_ms: median?.e2eMs ?? null });
  });
  const values = {
    ...evalValues(step.eval),
    ...prefixed("training", step.training ?? {}),
    seconds: step.seconds,
    updates: step.updates,
    trained_tokens: step.trainedTokens,
    uncertain_updates: step.uncertainUpdates,
    failed_samples: samples?.failed ?? null,
    ...Object.assign({}, ...served),
  };
  return pointsOf(values, { step: step.step, atMs: Number.isFinite(atMs) ? atMs : elseMs });
}

/** `logprob_margin/margin`, `general/general_score`; what is true or false is 1 or 0. */
function evalValues(metrics: StepReport["eval"]): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metrics)) {
    if (value === null || typeof value !== "object") values[name] = value;
    else Object.assign(values, prefixed(name, value));
  }
  return values;
}

function prefixed(prefix: string, values: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      metricKey(`${prefix}/${name}`),
      typeof value === "boolean" ? Number(value) : (value as unknown),
    ]),
  );
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
