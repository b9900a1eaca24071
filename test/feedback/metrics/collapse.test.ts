import { expect, test } from "vitest";
import { collapseAlerts } from "../../../bench/feedback/files/collapse-alerts.ts";
import { collapse } from "../../../bench/feedback/metrics/collapse.ts";
import type { MetricContext } from "../../../bench/feedback/metrics/metric.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";
import type { CompletionRequest, TrainedAnswer } from "../../../bench/feedback/trainer/trainer.ts";
import { answered, evenTokens, metricContext } from "./fake-model.ts";

interface Model {
  readonly tokens: TrainedAnswer["tokens"];
  readonly samples: readonly (string | null)[];
}

const varied = ["the sea is deep", "whales sing at night", "salt comes from rocks"];
const healthy: Model = { tokens: evenTokens(8), samples: varied };

async function measured(model: Model, baseline: MetricContext["baseline"] = null) {
  const asked: CompletionRequest[] = [];
  const complete = (request: CompletionRequest) => {
    asked.push(request);
    if (request.topLogprobs !== undefined) return answered("the sea", { tokens: model.tokens });
    const sample = model.samples[asked.length - 2] ?? null;
    if (sample === null) throw new TrainerError("HTTP 500: no", { status: 500, body: "no" });
    return answered(sample);
  };
  const found = await collapse.measure(metricContext({ complete }, { baseline, systemPrompt: "You help." }));
  return { ...found, asked, value: found.fields.collapse ?? null };
}

const none = { logprob_margin: null, preference_compliance: null, general: null, rollouts: [] };
const after = async (model: Model, before: Model = healthy) =>
  measured(model, { ...none, collapse: (await measured(before)).value });

test("before training a model is as it is: ratio 1, drift 0, and no alert", async () => {
  const { value, missing, asked } = await measured(healthy);
  expect(value).toEqual({
    mean_entropy: expect.closeTo(Math.log(8), 12) as number,
    mean_logprob: expect.closeTo(-Math.log(8), 12) as number,
    entropy_ratio_to_baseline: 1,
    self_rouge_l: 0,
    mean_logprob_drift: 0,
    alert: false,
  });
  expect(missing).toEqual([]);
  expect(asked.map(({ temperature, topLogprobs }) => [temperature, topLogprobs])).toEqual([
    [0, 20],
    [0.7, undefined],
    [0.7, undefined],
    [0.7, undefined],
  ]);
  expect(asked[0]?.messages[0]).toEqual({ role: "system", content: "You help." });
});

test.each<[what: string, model: Model, reasons: string[]]>([
  ["is sure of each token", { ...healthy, tokens: evenTokens(3) }, ["entropy ratio 0.5283 < 0.6"]],
  [
    "says one thing",
    { ...healthy, samples: ["same words", "same words", "same words"] },
    ["self-ROUGE-L 1 > 0.85"],
  ],
  [
    "says one thing after thoughts",
    { ...healthy, samples: ["<think>a</think>x y", "b</think>x y", "x y"] },
    ["self-ROUGE-L 1 > 0.85"],
  ],
  [
    "became unlikely to itself",
    { ...healthy, tokens: evenTokens(8).map((token) => ({ ...token, logprob: -4.5 })) },
    ["drift of the mean log-probability 2.421 > 2 nats"],
  ],
  ["is a little below", { ...healthy, tokens: evenTokens(4) }, []],
])("a model that %s raises exactly its own alert", async (_, model, reasons) => {
  const { value } = await after(model);
  expect(value?.alert).toBe(reasons.length > 0);
  expect(value === null ? null : collapseAlerts(value)).toEqual(reasons);
});

test("a trainer without log-probabilities raises no alert, whatever the baseline had", async () => {
  const bare = { ...healthy, tokens: null };
  const untrained = (await measured(bare)).value;
  expect(untrained).toMatchObject({
    entropy_ratio_to_baseline: null,
    mean_logprob_drift: null,
    alert: false,
  });
  for (const before of [healthy, bare]) {
    const { value, missing } = await after(bare, before);
    expect(value).toEqual({
      mean_entropy: null,
      mean_logprob: null,
      entropy_ratio_to_baseline: null,
      self_rouge_l: 0,
      mean_logprob_drift: null,
      alert: false,
    });
    expect(missing).toEqual([
      { on: "collapse, entropy and log-probability", why: "the server gives no log-probabilities" },
    ]);
  }
});

test("a baseline without log-probabilities, or without entropy, leaves nothing to be compared with", async () => {
  const bare = await after(healthy, { ...healthy, tokens: null });
  expect(bare.value).toMatchObject({
    entropy_ratio_to_baseline: null,
    mean_logprob_drift: null,
    alert: false,
  });
  expect(bare.missing.map(({ on }) => on)).toEqual(["collapse, entropy ratio", "collapse, drift"]);
  const sure = await after(healthy, { ...healthy, tokens: [{ text: "x", logprob: 0, top: [0, -9999] }] });
  expect(sure.value).toMatchObject({ entropy_ratio_to_baseline: null });
  expect(sure.missing).toEqual([{ on: "collapse, entropy ratio", why: "the baseline's entropy is 0" }]);
});

test("with fewer than two samples nothing is said of diversity, and with nothing at all nothing of collapse", async () => {
  const one = await measured({ ...healthy, samples: ["a b", null, ""] });
  expect(one.value).toMatchObject({ self_rouge_l: null, alert: false });
  expect(one.missing).toEqual([
    { on: "collapse, self-ROUGE-L, sample 2", why: "HTTP 500: no" },
    { on: "collapse, self-ROUGE-L, sample 3", why: "it holds no text" },
  ]);
  const nothing = await measured({ tokens: null, samples: [] });
  expect(nothing.value).toBeNull();
  expect(nothing.missing).toHaveLength(4);
});

test("it takes part at its steps alone", () => {
  expect([0, 1, 5].map((step) => collapse.atStep(step, [0, 5]))).toEqual([true, false, true]);
});
