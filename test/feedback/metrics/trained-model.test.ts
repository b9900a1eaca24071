import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { collapseAlerts } from "../../../bench/feedback/files/collapse-alerts.ts";
import type { EvalMetrics } from "../../../bench/feedback/files/step-line.ts";
import type { MetricContext } from "../../../bench/feedback/metrics/metric.ts";
import { chooseMetrics } from "../../../bench/feedback/metrics/metrics.ts";
import { httpTrainer } from "../../../bench/feedback/trainer/http-trainer.ts";
import { factoryOf, testFolder } from "../../sandbox/kinds.ts";
import { startTrainer } from "../../simulator/trainer/started-trainer.ts";
import { metricContext } from "./fake-model.ts";

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());
const sandbox = (await factoryOf("bwrap", folder.path)) ?? (await factoryOf("unshare", folder.path));
const scratchDirectory = join(folder.path, "programs");
mkdirSync(scratchDirectory);

const none: EvalMetrics = {
  logprob_margin: null,
  preference_compliance: null,
  general: null,
  collapse: null,
  rollouts: [],
};
const updatesPerStep = 2;

/** What the metrics say before training and after each step of a simulated trainer. */
async function trained(law: object, { metrics, steps }: { metrics: readonly string[]; steps: number }) {
  const { url } = await startTrainer(law);
  const trainer = httpTrainer({ baseUrl: `${url}/v1`, mode: "local" });
  const loraId = await trainer.init({ loraId: "eval/no_emoji", baseModel: "Qwen/Qwen3-8B" });
  const model = trainer.modelOf(loraId);
  const systemPrompt = "You are a helpful assistant.";
  const generate: MetricContext["generate"] = (prompt, { temperature = 0, maxTokens = 2048 } = {}) =>
    model.complete({
      messages: [
        { role: "system", content: systemPrompt },
        { role: "user", content: prompt },
      ],
      temperature,
      maxTokens,
    });
  const lent = { scratchDirectory, systemPrompt, ...(sandbox === null ? {} : { sandbox }) };
  const { preference, ...bare } = metricContext({ generate, score: model.score.bind(model) }, lent);
  const measure = async (step: number, baseline: EvalMetrics | null) => {
    let found = none;
    const missing: string[] = [];
    for (const metric of chooseMetrics(metrics)) {
      const { fields, missing: lacking } = await metric.measure({
        ...bare,
        preference,
        model,
        step,
        baseline,
      });
      found = { ...found, ...fields };
      missing.push(...lacking.map(({ on, why }) => `${on}: ${why}`));
    }
    return { ...found, missing };
  };
  const baseline = await measure(0, null);
  const after = [];
  for (let step = 0; step < steps; step++) {
    const [prompt = ""] = preference.probes;
    const response = (await generate(prompt, { maxTokens: 200 })).text;
    for (let update = 0; update < updatesPerStep; update++)
      await trainer.feedback(
        { loraId, samples: [{ prompt, response }], feedback: preference.feedback, training: {} },
        new AbortController().signal,
      );
    after.push(await measure(step, baseline));
  }
  return { baseline, after };
}

const collapsing = (kinds: readonly string[], rest: object = {}) => ({
  collapse: { from_update: 2 * updatesPerStep + 1, kinds },
  ...rest,
});
const alertsOf = ({ after }: Awaited<ReturnType<typeof trained>>) =>
  after.map(({ collapse }) =>
    collapse === null ? null : collapseAlerts(collapse).map((reason) => reason.replace(/ [\d.]+ [<>].*/, "")),
  );

test.each([
  ["entropy", ["entropy ratio"]],
  ["repetition", ["self-ROUGE-L"]],
  ["drift", ["drift of the mean log-probability"]],
])(
  "a model whose %s collapses in the third step raises exactly that alert, there and not before",
  async (kind, reasons) => {
    const found = await trained(collapsing([kind]), { metrics: ["collapse"], steps: 4 });
    expect(found.baseline.collapse?.alert).toBe(false);
    expect(alertsOf(found)).toEqual([[], [], reasons, reasons]);
  },
);

test("a trainer whose answers come without log-probabilities raises no alert for what nobody could see", async () => {
  const law = collapsing(["entropy", "drift"], { logprobs: "hidden" });
  const found = await trained(law, { metrics: ["collapse"], steps: 3 });
  expect(alertsOf(found)).toEqual([[], [], []]);
  for (const { collapse, missing } of [found.baseline, ...found.after]) {
    expect(collapse).toMatchObject({ mean_entropy: null, mean_logprob: null, alert: false });
    expect(missing).toEqual(["collapse, entropy and log-probability: the server gives no log-probabilities"]);
  }
});

test("a trainer that cannot score leaves the margin unknown", async () => {
  const { baseline, after } = await trained({ score: false }, { metrics: ["logprob"], steps: 1 });
  expect([baseline, ...after].map(({ logprob_margin: margin }) => margin)).toEqual([null, null]);
  expect(after[0]?.missing[0]).toMatch(/^logprob: pair 1: the preferred answer: /);
});

test.skipIf(sandbox === null).each([
  ["says what it says", {}],
  ["thinks", { thinking: "block", strips_thinking: false }],
  ["ends thoughts that it never began", { thinking: "orphan", strips_thinking: false }],
  ["has a short context", { context_length: 400 }],
])("a model that %s learns the preference and keeps its abilities", async (_, law) => {
  const { baseline, after } = await trained(
    { ...law, preferences: { no_emoji: { rate: 3 } } },
    { metrics: ["logprob", "compliance", "general"], steps: 3 },
  );
  const last = after.at(-1);
  expect([baseline.preference_compliance, last?.preference_compliance]).toEqual([0, 1]);
  expect(last?.logprob_margin?.margin_delta_from_baseline).toBeGreaterThan(1);
  const able = { coding_correct: true, coding_has_docstring: true, ifeval_pass_rate: 1, general_score: 1 };
  expect([baseline.general, last?.general]).toEqual([able, able]);
  expect([baseline, ...after].flatMap(({ missing }) => missing)).toEqual([]);
});
