import * as fc from "fast-check";
import { expect, test } from "vitest";
import { summarySchema, type EvalMetrics } from "../../../bench/feedback/files/step-line.ts";
import { summarise } from "../../../bench/feedback/summary/summarise.ts";
import { meets, thresholdForm } from "../../../bench/feedback/summary/threshold.ts";

const thresholds = { learned: "> 0", compliance: ">= 0.8", capability: ">= 0.9", collapse: "<= 0" };

interface Values {
  readonly delta?: number | null;
  readonly compliance?: number;
  readonly general?: number;
  readonly alert?: boolean;
}

function metrics({ delta, compliance, general, alert }: Values): EvalMetrics {
  return {
    logprob_margin:
      delta === undefined
        ? null
        : { positive_logprob: -1, negative_logprob: -2, margin: 1, margin_delta_from_baseline: delta },
    preference_compliance: compliance ?? null,
    general:
      general === undefined
        ? null
        : { coding_correct: true, coding_has_docstring: true, ifeval_pass_rate: 1, general_score: general },
    collapse:
      alert === undefined
        ? null
        : {
            mean_entropy: 1,
            mean_logprob: -1,
            entropy_ratio_to_baseline: 1,
            self_rouge_l: 0,
            mean_logprob_drift: 0,
            alert,
          },
    rollouts: [],
  };
}

function summaryOf(baseline: Values | null, ...steps: readonly Values[]) {
  const summary = summarise(
    [
      {
        preference: "p",
        loraId: "eval/p",
        baseline: baseline === null ? null : metrics(baseline),
        steps: steps.map((values, step) => ({ step, eval: metrics(values) })),
        serving: null,
      },
    ],
    thresholds,
  );
  expect(summarySchema.parse(summary)).toEqual(summary);
  const { p } = summary;
  if (p === undefined) throw new Error("it has one");
  const { learned, compliance, capability, collapse } = p.verdicts;
  return { ...p, passed: [learned, compliance, capability, collapse].map(({ passed }) => passed) };
}

test("the last step says what was learned, against the baseline, and each verdict states its threshold", () => {
  const found = summaryOf(
    { compliance: 0.25, general: 0.5 },
    { delta: -1, compliance: 0, general: 0.5, alert: true },
    { delta: 2.5, compliance: 1, general: 0.45, alert: false },
  );
  expect(found).toMatchObject({
    preference: "p",
    lora_id: "eval/p",
    logprob_margin_delta: 2.5,
    final_compliance: 1,
    capability_ratio: 0.9,
    baseline_compliance: 0.25,
    steps: 2,
    collapse_alerts: [0],
    verdicts: {
      learned: { value: 2.5, threshold: "> 0", passed: true },
      compliance: { value: 1, threshold: ">= 0.8", passed: true },
      capability: { value: 0.9, threshold: ">= 0.9", passed: true },
      collapse: { value: 1, threshold: "<= 0", passed: false },
    },
    serving: null,
  });
});

test.each<[what: string, baseline: Values | null, last: Values, passed: (boolean | null)[]]>([
  ["nothing was measured", {}, {}, [null, null, null, null]],
  ["nothing was learned", {}, { delta: 0, compliance: 0.79 }, [false, false, null, null]],
  [
    "the baseline was lost",
    null,
    { delta: null, compliance: 1, general: 1, alert: false },
    [null, true, null, true],
  ],
  ["the baseline could do nothing", { general: 0 }, { general: 1 }, [null, null, null, null]],
  ["it can do nothing any more", { general: 0.5 }, { general: 0 }, [null, null, false, null]],
])("where %s", (...[, baseline, last, passed]) => {
  expect(summaryOf(baseline, { delta: 9, compliance: 1, general: 1 }, last).passed).toEqual(passed);
});

test("a run without a step has a baseline and no verdict", () => {
  expect(summaryOf({ compliance: 0.5, general: 1 })).toMatchObject({
    steps: 0,
    final_compliance: null,
    baseline_compliance: 0.5,
    passed: [null, null, null, null],
  });
});

test("the order in which steps are given does not matter: a resumed run has the same summary", () => {
  const steps = [0, 1, 2, 3].map((step) => ({ step, eval: metrics({ delta: step, alert: step === 2 }) }));
  const of = (given: typeof steps) =>
    summarise([{ preference: "p", loraId: "l", baseline: null, steps: given, serving: null }], thresholds);
  fc.assert(
    fc.property(fc.shuffledSubarray(steps, { minLength: 4 }), (shuffled) => {
      expect(of(shuffled)).toEqual(of(steps));
    }),
  );
});

test.each<[value: number | null, threshold: string, met: boolean | null]>([
  [0, "> 0", false],
  [-0, ">= 0", true],
  [1e-9, ">0", true],
  [0.8, " >= 0.80 ", true],
  [0, "<= 0", true],
  [-2, "< -1.5", true],
  [0.6, "> .5", true],
  [2e-4, ">= 1e-3", false],
  [null, "<= 0", null],
  [NaN, "<= 0", null],
])("%d meets %j: %j", (value, threshold, met) => {
  expect(meets(value, threshold)).toBe(met);
});

test.each(["0.8", "= 1", ">= x", "> .", ">= 1e", ">= 1 2", ""])("%j is no threshold", (text) => {
  expect(thresholdForm.test(text)).toBe(false);
});
