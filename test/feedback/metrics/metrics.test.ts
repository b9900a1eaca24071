import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { measureMetrics } from "../../../bench/feedback/metrics/measure-metrics.ts";
import { chooseMetrics } from "../../../bench/feedback/metrics/metrics.ts";
import { answered, metricContext } from "./fake-model.ts";

test.each([
  [["all"], ["logprob", "compliance", "general", "collapse"]],
  [
    ["quick", "collapse", "logprob"],
    ["logprob", "collapse"],
  ],
  [[], []],
])("the names %j are the metrics %j", (names, expected) => {
  expect(chooseMetrics(names).map(({ name }) => name)).toEqual(expected);
});

test.each(["complience", "toString", ""])("the metric %j is refused, and not passed over", (name) => {
  expect(() => chooseMetrics([name])).toThrow(ConfigError);
  expect(() => chooseMetrics([name])).toThrow(`no metric has the name "${name}"; known: logprob, compliance`);
});

test("what is not measured is null, and what could not be is named beside what could", async () => {
  const context = metricContext({ generate: async () => answered("fine"), score: async () => null });
  const { eval: found, missing } = await measureMetrics(chooseMetrics(["logprob", "compliance"]), context);
  expect(found).toMatchObject({
    logprob_margin: null,
    preference_compliance: 1,
    general: null,
    collapse: null,
  });
  expect(found.rollouts).toHaveLength(3);
  expect(missing).toEqual([
    {
      what: "metric",
      on: "logprob",
      why: "pair 1: the preferred answer: the trainer gives no log-probabilities of given answers",
    },
  ]);
});
