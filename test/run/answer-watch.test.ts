import { expect, test } from "vitest";
import { AnswerWatch } from "../../bench/run/answer-watch.ts";
import { FailureWatch } from "../../bench/run/failure-watch.ts";

const sample = (arm: string, ...labels: readonly string[]) => ({
  arm,
  cellId: `c1-r0-${arm}`,
  failure: null,
  labels: [...labels],
});
const none = sample("raw", "no-answer");
const some = sample("raw");
const failed = { ...sample("raw"), failure: { class: "engine", message: "500" } };

function watched(
  smoke: number,
  ends: readonly Parameters<FailureWatch["ended"]>[0][],
  earlier: readonly (typeof none)[] = [],
) {
  const watch = new FailureWatch(0, new AnswerWatch(smoke, earlier));
  const given = ends.map((one) => watch.ended(one)).filter((stop) => stop !== null);
  return { watch, given };
}

test.each([
  ["none of the first three has an answer", [none, none, none], true],
  ["one less", [none, none], false],
  ["the first of them has one", [some, none, none, none], false],
  ["the last of them has one", [none, none, some, none], false],
  ["what a failed part ended is no sample", [none, failed, none, failed], false],
  ["and ends nothing in between", [none, failed, none, none], true],
  ["a cancelled attempt says nothing", [none, null, none, null], false],
  ["silence that comes later is the model's", [none, some, none, none, none, none, none], false],
])("%s", (_, ends, stopped) => {
  const { watch } = watched(3, ends);
  expect(watch.runStopped).toBe(stopped);
  expect(watch.admits("raw")).toBe(!stopped);
});

test("0 looks at nothing", () => {
  expect(watched(0, [none, none, none, none, none, none]).watch.runStopped).toBe(false);
});

test("the message says what was seen and what to change, and that nothing is lost", () => {
  const cut = sample("raw", "length", "no-answer");
  const { given } = watched(2, [cut, none]);
  expect(given).toHaveLength(1);
  expect(given[0]?.message).toContain("Not one of the first 2 samples of raw holds an answer");
  expect(given[0]?.message).toContain("1 of them were cut by the limit of tokens: raise sampling.maxTokens");
  expect(given[0]?.message).toContain("these samples are kept and count");
});

test("where another arm got answers, only the silent one is given up", () => {
  const { watch, given } = watched(2, [some, sample("gateway", "no-answer"), sample("gateway", "no-answer")]);
  expect(given.map(({ arm }) => arm)).toEqual(["gateway"]);
  expect([watch.runStopped, watch.admits("raw"), watch.admits("gateway")]).toEqual([false, true, false]);
});

test("who goes on has seen it: what earlier invocations sampled counts", () => {
  expect(watched(3, [none, none, none], [none, none, none]).watch.runStopped).toBe(false);
  expect(watched(3, [none], [none, none]).watch.runStopped).toBe(true);
  expect(watched(3, [none, none], [some]).watch.runStopped).toBe(false);
});

test("an engine that was started again explains failures, not silence", () => {
  const { watch } = watched(1, [none]);
  watch.explained();
  expect(watch.runStopped).toBe(true);
});
