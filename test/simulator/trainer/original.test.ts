import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { logit, logOdds } from "../../../bench/simulator/trainer/law/curve.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { startTrainer } from "./started-trainer.ts";

/** Folder with CLaaS' sources, and a Python with httpx, hydra-core and pydantic. */
const checkout = process.env["CLAAS_CHECKOUT"] ?? "";
const python = process.env["CLAAS_PYTHON"] ?? "";
const isMissing = !existsSync(join(checkout, "claas", "eval")) || !existsSync(python);

/** Runs the evaluation as its own authors wrote it. Plots are off, so what draws them need not be there. */
const program = `
import sys, types, asyncio, json
for name in ("matplotlib", "matplotlib.pyplot"):
    module = types.ModuleType(name)
    module.use = lambda *_: None
    sys.modules[name] = module
sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
sys.path.insert(0, sys.argv[1])
from claas.eval.types import EvalConfig
from claas.eval.runner import run_harness
asyncio.run(run_harness(EvalConfig(**json.loads(sys.argv[2]))))
`;

interface Step {
  readonly sdpo_metrics: Readonly<Record<string, number | null>> | null;
  readonly sub_step_count: number;
  readonly eval: {
    readonly logprob_margin: { readonly margin_delta_from_baseline: number };
    readonly preference_compliance: number;
    readonly general: { readonly general_score: number };
    readonly collapse: { readonly alert: boolean } | null;
  };
}

async function evaluate(url: string, settings: object): Promise<readonly Step[]> {
  using folder = new TemporaryFolder();
  const output_dir = folder.path;
  const config = {
    claas_url: url,
    preferences: ["no_emoji"],
    metrics: ["all"],
    plots: false,
    output_dir,
    ...settings,
  };
  await promisify(execFile)(python, ["-c", program, checkout, JSON.stringify(config)], { timeout: 60_000 });
  const lines = readFileSync(join(output_dir, "no_emoji", "steps.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as Step);
}

test.skipIf(isMissing)(
  "CLaaS' own evaluation sees the simulated trainer learn by its law (CLAAS_CHECKOUT, CLAAS_PYTHON)",
  async () => {
    const { url, core } = await startTrainer();
    const steps = await evaluate(url, {
      mode: "local",
      num_steps: 4,
      batch_size: 2,
      steps_per_batch: 3,
      collapse_steps: [0, 3],
    });
    const learnt = core.law.preferences["no_emoji"];
    if (learnt === undefined) throw new Error("the law has no no_emoji");
    expect(steps).toHaveLength(4);
    for (const [at, step] of steps.entries()) {
      const moved = logOdds(learnt, 3 * (at + 1)) - logit(learnt.start);
      expect(step.eval.logprob_margin.margin_delta_from_baseline).toBeCloseTo(moved, 9);
      expect(step.sub_step_count).toBe(3);
      expect(step.eval.general.general_score).toBe(1);
      expect(step.eval.collapse?.alert ?? null).toBe([0, 3].includes(at) ? false : null);
      expect(Object.keys(step.sdpo_metrics ?? {})).toEqual([
        "distill_loss",
        "kl_reg",
        "mean_is_ratio",
        "clip_fraction",
      ]);
    }
    const compliance = steps.map((step) => step.eval.preference_compliance);
    expect(compliance).toEqual(compliance.toSorted((a, b) => a - b));
    expect(compliance.at(-1)).toBeGreaterThan(0);
  },
);

test.skipIf(isMissing)(
  "it raises an alert from the update on at which the trainer collapses, in mode tinker, too (CLAAS_CHECKOUT, CLAAS_PYTHON)",
  async () => {
    const { url } = await startTrainer({
      mode: "tinker",
      collapse: { from_update: 3, kinds: ["repetition"] },
    });
    const steps = await evaluate(url, {
      mode: "tinker",
      num_steps: 3,
      batch_size: 1,
      steps_per_batch: 1,
      collapse_steps: [0, 1, 2],
    });
    expect(steps.map((step) => step.eval.collapse?.alert)).toEqual([false, false, true]);
    expect(Object.keys(steps[0]?.sdpo_metrics ?? {})).toContain("adv_abs_mean_raw");
  },
);
