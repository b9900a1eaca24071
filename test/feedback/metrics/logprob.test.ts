import { expect, test } from "vitest";
import { logprob } from "../../../bench/feedback/metrics/logprob.ts";
import type { AnswerLikelihood, AskedMessage } from "../../../bench/feedback/trainer/trainer.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";
import { metricContext } from "./fake-model.ts";

const scores = (table: Readonly<Record<string, number>>) => async (_: unknown, completion: string) => ({
  logprob: table[completion] ?? NaN,
  tokens: 4,
});
const pair = (
  preferred: string,
  dispreferred: string,
  prompt: AskedMessage[] = [{ role: "user", content: "q" }],
) => ({
  prompt,
  preferred,
  dispreferred,
});

function contextOf(
  score: (messages: readonly AskedMessage[], text: string) => Promise<AnswerLikelihood | null>,
  pairs = [pair("a", "b"), pair("c", "d")],
) {
  const context = metricContext({ score });
  return { ...context, preference: { ...context.preference, pairs } };
}

const none = {
  logprob_margin: null,
  preference_compliance: null,
  general: null,
  collapse: null,
  rollouts: [],
};

test("the margin is the mean over pairs, and its delta is against the baseline's", async () => {
  const before = await logprob.measure(contextOf(scores({ a: -10, b: -4, c: -3, d: -5 })));
  expect(before.fields.logprob_margin).toEqual({
    positive_logprob: -6.5,
    negative_logprob: -4.5,
    margin: -2,
    margin_delta_from_baseline: 0,
  });
  const baseline = { ...none, ...before.fields };
  const after = await logprob.measure({ ...contextOf(scores({ a: -2, b: -8, c: -3, d: -5 })), baseline });
  expect(after.fields.logprob_margin).toMatchObject({ margin: 4, margin_delta_from_baseline: 6 });
  expect(after.missing).toEqual([]);
});

test("a baseline without a margin leaves no delta: 0 would say that nothing was learned", async () => {
  const context = { ...contextOf(scores({ a: -1, b: -2, c: -1, d: -2 })), baseline: none };
  expect((await logprob.measure(context)).fields.logprob_margin).toMatchObject({
    margin: 1,
    margin_delta_from_baseline: null,
  });
});

test("the way's own prompt stands before the pair's, unless the pair brings one", async () => {
  const asked: (readonly AskedMessage[])[] = [];
  const score = async (messages: readonly AskedMessage[]) => {
    asked.push(messages);
    return { logprob: -1, tokens: 1 };
  };
  const own = { role: "system", content: "mine" } as const;
  const user = { role: "user", content: "q" } as const;
  const pairs = [pair("a", "b"), pair("a", "b", [own, user])];
  await logprob.measure({ ...contextOf(score, pairs), systemPrompt: "You help." });
  await logprob.measure(contextOf(score, [pair("a", "b")]));
  const [first, , second, , third] = asked;
  expect([first, second, third]).toEqual([
    [{ role: "system", content: "You help." }, user],
    [own, user],
    [user],
  ]);
});

test.each<[what: string, second: AnswerLikelihood | null | Error, why: string]>([
  [
    "gives none",
    null,
    "pair 2: the preferred answer: the trainer gives no log-probabilities of given answers",
  ],
  [
    "is gone",
    new TrainerError("HTTP 500: gone", { status: 500, body: "gone" }),
    "pair 2: the preferred answer: HTTP 500: gone",
  ],
  [
    "says what no logarithm is",
    { logprob: 3, tokens: 4 },
    "pair 2: the preferred answer: the trainer says that its log-probability is 3, which is above 0",
  ],
  [
    "says infinity",
    { logprob: -Infinity, tokens: 4 },
    "pair 2: the preferred answer: the trainer says that its log-probability is -Infinity",
  ],
  [
    "says no tokens",
    { logprob: 0, tokens: 0 },
    "pair 2: the preferred answer: the trainer says that it has 0 tokens",
  ],
])(
  "a trainer that %s of one pair leaves no margin: that of the others is not the same thing",
  async (_, second, why) => {
    const score = async (__: unknown, completion: string) => {
      if (completion !== "c") return { logprob: -1, tokens: 4 };
      if (second instanceof Error) throw second;
      return second;
    };
    expect(await logprob.measure(contextOf(score))).toEqual({
      fields: { logprob_margin: null },
      rollouts: [],
      missing: [{ on: "logprob", why }],
    });
  },
);

test("a preference without pairs has no margin, and nobody is asked", async () => {
  const context = metricContext({});
  const { fields, missing } = await logprob.measure({
    ...context,
    preference: { ...context.preference, pairs: [] },
  });
  expect([fields, missing]).toEqual([
    { logprob_margin: null },
    [{ on: "logprob", why: "the preference has no logprob_pairs" }],
  ]);
});

test("the end of the run, and a fault of ours, are no missing values", async () => {
  const stop = new AbortController();
  const score = async () => {
    stop.abort(new Error("stopped"));
    throw new TrainerError("aborted", { status: null, body: null });
  };
  await expect(logprob.measure({ ...contextOf(score), signal: stop.signal })).rejects.toThrow("stopped");
  await expect(logprob.measure(contextOf(() => Promise.reject(new TypeError("ours"))))).rejects.toThrow(
    "ours",
  );
});
