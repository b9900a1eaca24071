import type { LinePicture } from "../../report/tables/document.ts";
import { collapseLimits } from "../files/collapse-limits.ts";
import type { StepReport } from "./feedback-report.ts";

type Metrics = StepReport["eval"];

/** A quantity over the steps, a line for each preference. */
export interface Curve {
  readonly title: string;
  readonly yAxis: string;
  readonly yEnds?: LinePicture["yEnds"];
  readonly limit?: LinePicture["limit"];
  /** Of the baseline as of a step; null: not known. */
  readonly value: (metrics: Metrics) => number | null;
  /** Whether `thresholds.compliance` is its limit. */
  readonly isHeldToCompliance?: boolean;
  /** Whether a step without it lacks something. */
  readonly everyStep: boolean;
  /** Of what the trainer told, instead of what was measured; the baseline has none. */
  readonly training?: string;
}

export interface Plot {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly notes: readonly string[];
  /** What there would have to be. */
  readonly needs: string;
}

const collapse = (field: "entropy_ratio_to_baseline" | "self_rouge_l" | "mean_logprob_drift") => ({
  value: ({ collapse: found }: Metrics) => found?.[field] ?? null,
  everyStep: false,
});

function trained(field: string, title: string, yAxis: string): Curve {
  return { title, yAxis, value: () => null, everyStep: false, training: field };
}

/** The five plots of the original harness, in its order. */
export const plots: readonly Plot[] = [
  {
    title: "Logprob margins",
    needs: "the metric `logprob`, and a trainer that scores answers",
    curves: [
      {
        title: "How much likelier the preferred answers are",
        yAxis: "margin, nats",
        value: ({ logprob_margin }) => logprob_margin?.margin ?? null,
        everyStep: true,
      },
      {
        // Margins of two preferences lie far apart, and what each has learned is then a line that looks flat.
        title: "How far the margin has moved from the baseline",
        yAxis: "margin delta, nats",
        value: ({ logprob_margin }) => logprob_margin?.margin_delta_from_baseline ?? null,
        everyStep: true,
      },
    ],
    notes: ["Above 0 the model favours the preferred answers. `base` is before anything was trained."],
  },
  {
    title: "Learning curves",
    needs: "the metric `compliance`",
    curves: [
      {
        title: "How far answers follow the preference",
        yAxis: "compliance, 0 to 1",
        yEnds: [0, 1],
        isHeldToCompliance: true,
        value: ({ preference_compliance }) => preference_compliance,
        everyStep: true,
      },
    ],
    notes: ["The verifier's mean score of the answers to three prompts."],
  },
  {
    title: "Collapse dashboard",
    needs: "the metric `collapse`, at a step of `collapse_steps`",
    curves: [
      {
        title: "Entropy of the answers, over that of the baseline",
        yAxis: "ratio",
        limit: { value: collapseLimits.entropyRatio, text: `${collapseLimits.entropyRatio}: alert below` },
        ...collapse("entropy_ratio_to_baseline"),
      },
      {
        title: "How alike answers to one prompt are",
        yAxis: "self-ROUGE-L, 0 to 1",
        yEnds: [0, 1],
        limit: { value: collapseLimits.selfRougeL, text: `${collapseLimits.selfRougeL}: alert above` },
        ...collapse("self_rouge_l"),
      },
      {
        title: "How far the mean log-probability has drifted",
        yAxis: "nats per token",
        limit: {
          value: collapseLimits.meanLogprobDrift,
          text: `${collapseLimits.meanLogprobDrift}: alert above`,
        },
        ...collapse("mean_logprob_drift"),
      },
    ],
    notes: ["Measured at the steps of `collapse_steps` only. A step that alerted is drawn hollow."],
  },
  {
    title: "Forgetting",
    needs: "the metric `general`",
    curves: [
      {
        title: "What the model can do beside the preference",
        yAxis: "general score, 0 to 1",
        yEnds: [0, 1],
        value: ({ general }) => general?.general_score ?? null,
        everyStep: true,
      },
    ],
    notes: ["Half a coding task, half three instructions that can be checked."],
  },
  {
    title: "Training diagnostics",
    needs: "a trainer that tells `distill_loss`, `kl_reg` or `adv_mean` of its updates",
    curves: [
      trained("distill_loss", "Distillation loss", "loss"),
      trained("kl_reg", "Divergence that is held small", "KL, nats"),
      trained("adv_mean", "Mean advantage, teacher minus student", "nats"),
    ],
    notes: ["As the trainer told them of the last update of a step; nobody has checked them."],
  },
];
