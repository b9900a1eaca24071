import { expect, test } from "vitest";
import { compliance } from "../../../bench/feedback/metrics/compliance.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";
import { answered, metricContext } from "./fake-model.ts";

test("the mean of what the verifier gives the first three prompts; thoughts do not count", async () => {
  const answers = ["plain", "<think>😊</think>plain", "😊", "never asked"];
  const prompts: string[] = [];
  const context = metricContext(
    {
      generate: async (prompt) => {
        prompts.push(prompt);
        return answered(answers[prompts.length - 1] ?? "");
      },
    },
    { systemPrompt: "You help." },
  );
  const { fields, rollouts, missing } = await compliance.measure(context);
  expect(fields).toEqual({ preference_compliance: 2 / 3 });
  expect(prompts).toEqual(context.preference.probes.slice(0, 3));
  expect(missing).toEqual([]);
  expect(rollouts[2]).toEqual({
    metric: "compliance",
    messages: [
      { role: "system", content: "You help." },
      { role: "user", content: prompts[2] },
      { role: "assistant", content: "😊" },
    ],
    metadata: {
      verifier: "no_emoji",
      score: 0,
      passed: false,
      detail: "1 emoji: 😊",
      max_tokens_used: 2048,
      finish_reason: "stop",
    },
  });
});

test("answers that failed, were empty or were cut in thoughts are named and not counted as anything", async () => {
  const answers = [answered("<think>😊", { finishReason: "length" }), answered("\n"), null];
  let asked = 0;
  const generate = async () => {
    const answer = answers[asked++];
    if (answer == null) throw new TrainerError("HTTP 503: busy", { status: 503, body: "busy" });
    return answer;
  };
  const { fields, rollouts, missing } = await compliance.measure(metricContext({ generate }));
  expect(fields).toEqual({ preference_compliance: null });
  expect(missing).toEqual([
    { on: "compliance, probe 1", why: "its answer could not be judged: it was cut while the model thought" },
    { on: "compliance, probe 2", why: "its answer could not be judged: it holds no text that a reader sees" },
    { on: "compliance, probe 3", why: "HTTP 503: busy" },
  ]);
  expect(rollouts.map(({ metadata }) => metadata["error"])).toEqual([undefined, undefined, "HTTP 503: busy"]);
});
