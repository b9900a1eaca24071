import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stepLineSchema, summarySchema } from "../../bench/feedback/files/step-line.ts";
import { minimumSamples } from "../../bench/statistics/distribution.ts";
import { expectExit, TemporaryFolder, tollgate } from "./tollgate-process.ts";

const read = (...path: readonly string[]) => readFileSync(join(...path), "utf8");

/** docs/simulated-trainer.md: what 4 updates a step at the default learning rate do to a preference's logit. */
const perUpdate = 0.25;
const updates = 4;

test("docs/feedback.md: a real OpenClaw, a simulated trainer, three preferences, eight steps", async () => {
  using folder = new TemporaryFolder();
  const finished = await tollgate(["feedback", "experiments/feedback-laptop.yaml", "--out", folder.path]);
  expectExit(finished, 0);
  const run = finished.stdout.trimEnd().split("\n").at(-1) ?? "";
  const summary = summarySchema.parse(JSON.parse(read(run, "summary.json")));
  expect(Object.keys(summary)).toEqual(["no_emoji", "concise", "identity"]);
  for (const [preference, of] of Object.entries(summary)) {
    const lines = read(run, preference, "steps.jsonl").trimEnd().split("\n");
    const steps = lines.map((line) => stepLineSchema.parse(JSON.parse(line)));
    expect(steps.map(({ step, sub_step_count, missing }) => [step, sub_step_count, missing])).toEqual(
      Array.from({ length: 8 }, (_, step) => [step, updates, []]),
    );
    // The margin moves by the law exactly, until the chance has come to its end.
    for (const { step, eval: metrics } of steps) {
      const delta = metrics.logprob_margin?.margin_delta_from_baseline ?? Number.NaN;
      const most = perUpdate * updates * (step + 1);
      expect(delta).toBeGreaterThan(0);
      expect(delta).toBeLessThanOrEqual(most + 1e-9);
      // Before the chance has come to its end, after six steps, it is all of it.
      expect(delta).toBeCloseTo(Math.min(most, step < 5 ? most : delta), 9);
    }
    // An answer that follows once follows ever after: at a prompt's own draw the chance only grows.
    const compliance = steps.map(({ eval: metrics }) => metrics.preference_compliance ?? Number.NaN);
    expect(compliance).toEqual(compliance.toSorted((a, b) => a - b));
    expect(of.final_compliance).toBeGreaterThan(of.baseline_compliance ?? 1);
    expect(of.capability_ratio).toBe(1);
    expect(of.collapse_alerts).toEqual([]);
    const asked = of.serving?.before.requests ?? 0;
    expect(asked).toBeGreaterThan(minimumSamples(0.5));
    expect(of.serving?.before.ttft_ms.p50).toBeGreaterThan(0);
    expect(of.serving?.during.requests).toBeGreaterThan(8);
    // Training slows the service down, by a factor that its law states.
    const [before, during] = [of.serving?.before, of.serving?.during].map(
      (one) => one?.output_tokens_per_second ?? 0,
    );
    expect(during).toBeLessThan(before ?? 0);
  }
});
