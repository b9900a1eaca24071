import type { SandboxFactory } from "../../sandbox/sandbox.ts";
import type { EvalMetrics, Rollout } from "../files/step-line.ts";
import type { Preference } from "../preferences/preference.ts";
import type { AskedModel, TrainedAnswer } from "../trainer/trainer.ts";

/** The contract of a metric of the preference loop. All are listed in `metrics.ts`. */
export interface FeedbackMetric {
  readonly name: MetricName;
  /**
   * Where it takes part: `collapse` only at its steps, others at all. In the baseline all take part, or later steps had nothing to be
   * held against.
   */
  atStep(step: number, collapseSteps: readonly number[]): boolean;
  /**
   * A value that nobody could measure is null, and `missing` says why: a metric never throws for what the model or the
   * trainer did. Rejects with the signal's reason.
   */
  measure(context: MetricContext): Promise<MeasuredMetric>;
}

export const metricNames = ["logprob", "compliance", "general", "collapse"] as const;
export type MetricName = (typeof metricNames)[number];

/** What metrics fill of a step's `eval`. */
export type MetricFields = Omit<EvalMetrics, "rollouts">;

export interface MeasuredMetric {
  readonly fields: Partial<MetricFields>;
  readonly rollouts: readonly Rollout[];
  readonly missing: readonly Missing[];
}

/** What could not be measured: of which metric and part, e.g. `compliance, probe 2`, and why. */
export interface Missing {
  readonly on: string;
  readonly why: string;
}

export interface MetricContext {
  /** 0 for the baseline, too: it is measured before anything was trained. */
  readonly step: number;
  readonly preference: Preference;
  /** What was measured before training; null while that is being measured. */
  readonly baseline: EvalMetrics | null;
  /** The model that is trained, asked directly. */
  readonly model: AskedModel;
  /**
   * An answer to a bare user message on the way that the run takes: through OpenClaw, or from the trainer's proxy. A way that
   * passes an option on uses it; others go on as they do. Rejects with TrainerError.
   */
  readonly generate: (
    prompt: string,
    options?: GenerateOptions,
  ) => Promise<Pick<TrainedAnswer, "text" | "finishReason">>;
  /** What that way puts before the user's message; null: an agent brings prompts of its own. */
  readonly systemPrompt: string | null;
  /** Where code of the model runs. */
  readonly sandbox: SandboxFactory;
  /** An empty folder of the caller for workspaces. */
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
}

export interface GenerateOptions {
  readonly temperature?: number;
  /** Tokens. */
  readonly maxTokens?: number;
}
