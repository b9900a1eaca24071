import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evalMetricsSchema } from "../../../bench/feedback/files/step-line.ts";
import { metricsAt } from "../run-folders.ts";

const line = {
  preference: "concise",
  step: 3,
  timestamp: "2026-11-29T11:00:00Z",
  feedback_given: "shorter",
  sdpo_metrics: { distill_loss: 0.5, kl_reg: null, mean_is_ratio: 1, clip_fraction: 0 },
  prompt_used: "What?",
  response_text: null,
  timing_s: 1.5,
  sub_step_count: 4,
};
const ours = { samples: [], trained_tokens: 7, uncertain_updates: 0, missing: [], serving: null };

test("metrics have the fields of CLaaS and no other: its readers refuse what they do not know", () => {
  const fields = (name: "logprob_margin" | "general" | "collapse") =>
    Object.keys(evalMetricsSchema.shape[name].unwrap().shape);
  expect(fields("logprob_margin")).toEqual([
    "positive_logprob",
    "negative_logprob",
    "margin",
    "margin_delta_from_baseline",
  ]);
  expect(fields("general")).toEqual([
    "coding_correct",
    "coding_has_docstring",
    "ifeval_pass_rate",
    "general_score",
  ]);
  expect(fields("collapse")).toEqual([
    "mean_entropy",
    "mean_logprob",
    "entropy_ratio_to_baseline",
    "self_rouge_l",
    "mean_logprob_drift",
    "alert",
  ]);
});

test.skipIf(process.env["CLAAS_CHECKOUT"] === undefined)(
  "CLaaS' own code reads our steps.jsonl",
  async () => {
    const program = join(import.meta.dirname, "claas-reader.py");
    const lines = [3, 4].map((step) => ({ ...line, step, eval: metricsAt(step, "concise"), ...ours }));
    const { stdout, stderr } = spawnSync("python3", [program, process.env["CLAAS_CHECKOUT"] ?? ""], {
      input: lines.map((one) => `${JSON.stringify(one)}\n`).join(""),
      encoding: "utf8",
      env: { PATH: process.env["PATH"], PYTHONDONTWRITEBYTECODE: "1" },
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(lines.map((one) => ({ ...line, step: one.step, eval: one.eval })));
  },
);
