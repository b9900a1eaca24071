import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { chooseMetrics } from "../../../bench/feedback/metrics/metrics.ts";

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
