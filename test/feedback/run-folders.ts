import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvalMetrics, Serving, StepLine } from "../../bench/feedback/files/step-line.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import type { FeedbackPlan } from "../../bench/store/feedback-plan.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { buildIdentity } from "../store/run-builder.ts";

/** Runs of the preference loop by code, from the schemas of their files: what a loop would have left, and what a damaged one leaves. */
export interface WrittenRun {
  readonly names?: readonly string[];
  /** Of each preference, as planned. */
  readonly steps?: number;
  /** How many of them are there; absent: all. */
  readonly done?: number;
  readonly step?: (line: StepLine) => StepLine;
  readonly baseline?: EvalMetrics | null;
  readonly identity?: Partial<RunJson>;
  readonly plan?: Partial<FeedbackPlan>;
  readonly reason?: "complete" | "interrupted" | "failed";
}

export async function writeFeedbackRun(folder: string, run: WrittenRun = {}): Promise<string> {
  const { names = ["no_emoji", "concise"], steps = 8, done = steps } = run;
  const plan = planOf(names, { steps, ...run.plan });
  const identity = buildIdentity({
    runId: "feedback-laptop-20261129T120000Z-0a1b2c",
    experiment: "feedback-laptop",
    argv: ["feedback", "experiments/feedback-laptop.yaml"],
    cells: [],
    feedback: plan,
    ...run.identity,
  });
  await using directory = await RunDirectory.create(folder, { identity, pid: process.pid });
  const records: OwnRecord[] = [runStarted(identity)];
  for (const name of names) {
    const own = join(directory.path, name);
    await mkdir(own, { recursive: true });
    await writeFile(
      join(own, "metadata.json"),
      JSON.stringify({
        config: {},
        lora_id: `eval/${name}`,
        preference: name,
        base_model: "qwen",
      }),
    );
    const baseline = run.baseline === undefined ? metricsAt(-1, name) : run.baseline;
    if (baseline !== null) await writeFile(join(own, "baseline.json"), JSON.stringify(baseline));
    const lines = Array.from({ length: done }, (_, step) => stepLine(name, step));
    const written = lines.map((line) => run.step?.(line) ?? line);
    await writeFile(
      join(own, "steps.jsonl"),
      written.map((line) => `${JSON.stringify(line)}\n`),
    );
    records.push(...written.map(stepRecord));
  }
  for (const record of records) await directory.append(record);
  await directory.append(runEnded(run.reason ?? (done < steps ? "interrupted" : "complete")));
  return directory.path;
}

/** As the original harness leaves it: no run.json, none of our fields, Python's JSON. */
export async function writeOriginalRun(
  directory: string,
  run: Pick<WrittenRun, "names" | "steps" | "step"> & { readonly summary?: boolean } = {},
): Promise<string> {
  const { names = ["no_emoji", "concise"], steps = 4, summary = true } = run;
  for (const name of names) {
    const own = join(directory, name);
    await mkdir(own, { recursive: true });
    const lines = Array.from({ length: steps }, (_, step) => stepLine(name, step));
    const originals = lines.map((line) => originalStep(run.step?.(line) ?? line));
    await writeFile(
      join(own, "steps.jsonl"),
      originals.map((line) => `${JSON.stringify(line)}\n`),
    );
    await writeFile(
      join(own, "metadata.json"),
      JSON.stringify({ config: { num_steps: steps }, lora_id: `eval/${name}`, preference: name }),
    );
    await writeFile(join(own, "baseline.json"), JSON.stringify(metricsAt(-1, name)));
  }
  const entries = names.map((name) => [
    name,
    {
      preference: name,
      lora_id: `eval/${name}`,
      logprob_margin_delta: 1.5,
      final_compliance: 0.9,
      capability_ratio: 1,
    },
  ]);
  await mkdir(directory, { recursive: true });
  if (summary) await writeFile(join(directory, "summary.json"), JSON.stringify(Object.fromEntries(entries)));
  return directory;
}

function originalStep(line: StepLine): Readonly<Record<string, unknown>> {
  const { samples: _s, trained_tokens: _t, uncertain_updates: _u, missing: _m, serving: _v, ...own } = line;
  return own;
}

export function planOf(
  names: readonly string[],
  plan: Partial<FeedbackPlan> & { steps?: number },
): FeedbackPlan {
  const { steps = 8, ...more } = plan;
  return {
    preferences: names.map((name) => ({ name, feedback: `Please: ${name}`, hash: "0".repeat(64), steps })),
    baseModel: "simulated/qwen",
    trainer: "simulated",
    answers: "openclaw",
    metrics: ["logprob", "compliance", "general", "collapse"],
    collapseSteps: [0, 3, 7],
    batchSize: 4,
    stepsPerBatch: 4,
    serving: { concurrency: 1, seconds: 2 },
    thresholds: { learned: "> 0", compliance: ">= 0.8", capability: ">= 0.9", collapse: "<= 0" },
    plots: true,
    ...more,
  };
}

/** -1: the baseline. What is learned grows with the step, and differs by preference, so that no two lines are one. */
export function metricsAt(step: number, name: string): EvalMetrics {
  const lead = name.length / 100;
  const learned = (1 - Math.exp(-(step + 1) / 3)) * (1 - lead);
  const margin = -4 + 9 * learned;
  const isCollapseStep = step === -1 || [0, 3, 7].includes(step);
  return {
    logprob_margin: {
      positive_logprob: -20 + margin / 2,
      negative_logprob: -20 - margin / 2,
      margin,
      margin_delta_from_baseline: step === -1 ? 0 : margin + 4,
    },
    preference_compliance: Math.min(1, lead + learned),
    general: {
      coding_correct: true,
      coding_has_docstring: false,
      ifeval_pass_rate: step > 4 ? 2 / 3 : 1,
      general_score: step > 4 ? 0.5 + 1 / 3 : 1,
    },
    collapse: isCollapseStep
      ? {
          mean_entropy: 1.2 - 0.05 * (step + 1),
          mean_logprob: -0.9,
          entropy_ratio_to_baseline: step === -1 ? 1 : 1 - 0.04 * (step + 1),
          self_rouge_l: 0.3 + 0.02 * (step + 1),
          mean_logprob_drift: 0.05 * (step + 1),
          alert: false,
        }
      : null,
    rollouts: [
      {
        metric: "compliance",
        messages: [
          { role: "user", content: "What is a stack?" },
          { role: "assistant", content: `A stack is last in, first out. (${step})` },
        ],
        metadata: { task: "probe 1", score: 1 },
      },
    ],
  };
}

export function servingAt(step: number, slower: number): Serving {
  const noise = ((step * 7) % 5) / 10;
  return {
    seconds: 2,
    requests: 20,
    failed: 0,
    ttft_ms: { p50: 12 * slower + noise, p95: 20 * slower + noise },
    e2e_ms: { p50: 90 * slower + noise, p95: 140 * slower + noise },
    output_tokens_per_second: 400 / slower - noise,
    queue: { running: 1, waiting: slower > 1 ? 0.4 : 0 },
  };
}

export function stepLine(name: string, step: number): StepLine {
  return {
    preference: name,
    step,
    timestamp: `2026-11-29T12:00:${String(step).padStart(2, "0")}.000Z`,
    feedback_given: `Please: ${name}`,
    sdpo_metrics: { distill_loss: 0.5 / (step + 1), kl_reg: 0.01 * step, mean_is_ratio: 1, clip_fraction: 0 },
    eval: metricsAt(step, name),
    prompt_used: `Prompt ${step} of ${name}`,
    response_text: `Answer ${step} of ${name}`,
    timing_s: 3 + step / 10,
    sub_step_count: 4,
    samples: [0, 1, 2, 3].map((at) => ({
      prompt: `Prompt ${step}.${at} of ${name}`,
      response: `Answer ${step}.${at} of ${name}`,
      finish_reason: "stop",
      failure: null,
    })),
    trained_tokens: 640,
    uncertain_updates: 0,
    missing: [],
    serving: { before: servingAt(step, 1), during: servingAt(step, 1.5), after: servingAt(step, 1.02) },
  };
}

/** A step in which everything that others can write is this text. */
export function hostileStep(line: StepLine, text: string): StepLine {
  const messages = [{ role: text, content: text }];
  return {
    ...line,
    feedback_given: text,
    prompt_used: text,
    response_text: text,
    samples: [{ prompt: text, response: null, finish_reason: text, failure: text }],
    sdpo_metrics: { [text]: 1 },
    missing: [{ what: text, on: text, why: text }],
    eval: { ...line.eval, rollouts: [{ metric: text, messages, metadata: { task: text } }] },
  };
}

type OwnRecord = Exclude<RunRecord, { readonly type: "episode" }>;

function runStarted({ runId }: RunJson): OwnRecord {
  return {
    v: 1,
    type: "run-started",
    runId,
    at: "2026-11-29T12:00:00.000Z",
    plannedEpisodes: 0,
    plannedCells: 0,
    resumed: false,
  };
}

function stepRecord({ preference, step, timing_s, timestamp }: StepLine): OwnRecord {
  const counts = { updates: 4, failedSamples: 0, missing: 0 };
  return { v: 1, type: "feedback-step", at: timestamp, preference, step, seconds: timing_s, ...counts };
}

function runEnded(reason: "complete" | "interrupted" | "failed"): OwnRecord {
  const exitCode = reason === "complete" ? 0 : 4;
  return { v: 1, type: "run-ended", at: "2026-11-29T12:01:00.000Z", reason, exitCode, error: null };
}
