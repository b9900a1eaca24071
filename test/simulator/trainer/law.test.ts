import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ConfigError } from "../../../bench/errors.ts";
import { loadTokenizer } from "../../../bench/simulator/model/tokenizer.ts";
import { logit, logOdds, oddsOf } from "../../../bench/simulator/trainer/law/curve.ts";
import { isFollowing } from "../../../bench/simulator/trainer/law/following.ts";
import { parseLaw } from "../../../bench/simulator/trainer/law/law-file.ts";
import { Likelihood } from "../../../bench/simulator/trainer/model/likelihood.ts";
import { type Progress, speak, untrained } from "../../../bench/simulator/trainer/model/speak.ts";

const law = parseLaw({});
const likelihood = new Likelihood(law, loadTokenizer());
const names = Object.keys(law.preferences);
const learned = (name: string, weight: number): Progress => ({
  updates: Math.round(weight),
  learned: { [name]: weight },
});
const known = (name: string) => {
  const learnt = law.preferences[name];
  if (learnt === undefined) throw new Error(`the law has no ${name}`);
  return learnt;
};
const questions = Array.from(
  { length: 400 },
  (_, at) => `Tell me something about subject number ${at} of the list.`,
);
const sumOf = (text: string, progress: Progress) =>
  likelihood
    .of({ raw: text, visible: text }, progress, "Hello?")
    .reduce((sum, { logprob }) => sum + logprob, 0);

test("the curve is a straight line in log odds up to its limit, and never turns back", () => {
  const line = { feedback: "x", follows: { no_emoji: true }, start: 0.1, end: 0.9, rate: 0.5 } as const;
  expect(logOdds(line, 0)).toBeCloseTo(Math.log(1 / 9), 12);
  expect(logOdds(line, 3)).toBeCloseTo(Math.log(1 / 9) + 1.5, 12);
  expect(oddsOf(logOdds(line, 1000)).p).toBeCloseTo(0.9, 12);
  // Unlearning has a limit, too, and a limit on the wrong side moves nothing.
  expect(oddsOf(logOdds({ ...line, rate: -0.5, end: 0.01 }, 1000)).p).toBeCloseTo(0.01, 12);
  expect(oddsOf(logOdds({ ...line, end: 0.05 }, 1000)).p).toBeCloseTo(0.1, 12);
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (odds) => {
      const { p, lnP, lnNot } = oddsOf(odds);
      expect(lnP - lnNot).toBeCloseTo(odds, 9);
      expect(p).toBeGreaterThanOrEqual(0);
      expect(Math.max(lnP, lnNot)).toBeLessThanOrEqual(0);
      expect(Number.isFinite(lnP + lnNot)).toBe(true);
    }),
  );
});

test("the margin of any pair moves by exactly the change of the log odds", () => {
  const pairs = {
    no_emoji: ["Good morning to you.", "Good morning to you 😊."],
    concise: ["One. Two.", "One. Two. Three. Four. Five."],
    identity: ["I am Kuro, and I help.", "I am a program."],
  };
  fc.assert(
    fc.property(
      fc.constantFrom("no_emoji", "concise", "identity"),
      fc.double({ min: 0, max: 60, noNaN: true }),
      (name, weight) => {
        const [good = "", bad = ""] = pairs[name];
        const margin = (progress: Progress) => sumOf(good, progress) - sumOf(bad, progress);
        const moved = logOdds(known(name), weight) - logit(known(name).start);
        expect(margin(learned(name, weight)) - margin(untrained)).toBeCloseTo(moved, 9);
      },
    ),
  );
});

test("log-probabilities are never above 0, of any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.constantFrom(...names),
      fc.nat(80),
      (text, name, weight) => {
        const tokens = likelihood.ofOwn({ raw: text, visible: text }, learned(name, weight), {
          question: "Hello?",
          top: 20,
        });
        for (const { logprob, top } of tokens) {
          expect(Math.max(logprob, ...top.map((one) => one.logprob))).toBeLessThanOrEqual(0);
          expect(top.reduce((sum, one) => sum + Math.exp(one.logprob), 0)).toBeLessThanOrEqual(1 + 1e-9);
        }
      },
    ),
  );
});

describe.each(["no_emoji", "concise", "identity"])("answers and %s", (name) => {
  const share = (weight: number, sample: string | null = null) =>
    questions.filter((question) =>
      isFollowing(speak(law, learned(name, weight), { question, sample }), known(name).follows),
    ).length / questions.length;

  test("as many follow it as the law says", () => {
    for (const weight of [0, 6, 10, 14, 40]) {
      const { p } = oddsOf(logOdds(known(name), weight));
      // Four standard deviations of a share of 400.
      const limit = 4 * Math.sqrt((p * (1 - p)) / questions.length) + 1e-9;
      expect(Math.abs(share(weight) - p), `weight ${weight}`).toBeLessThan(limit);
      expect(Math.abs(share(weight, "seed 1") - p), `weight ${weight}, sampled`).toBeLessThan(limit);
    }
  });

  test("at temperature 0 no question turns back", () => {
    const follows = (question: string, weight: number) =>
      isFollowing(speak(law, learned(name, weight), { question, sample: null }), known(name).follows);
    for (const question of questions.slice(0, 60)) {
      const path = Array.from({ length: 32 }, (_, weight) => follows(question, weight));
      expect(path.lastIndexOf(false)).toBeLessThan(path.includes(true) ? path.indexOf(true) : 32);
    }
  });
});

test("at other temperatures a sample is drawn anew after an update", () => {
  const follows = (updates: number) =>
    questions.map((question) =>
      isFollowing(
        speak(law, { updates, learned: { no_emoji: 9 } }, { question, sample: "seed 1" }),
        known("no_emoji").follows,
      ),
    );
  expect(follows(1)).toEqual(follows(1));
  expect(follows(1)).not.toEqual(follows(2));
});

test("what is learned of one preference changes nothing of another", () => {
  const one = (progress: Progress) =>
    questions
      .slice(0, 100)
      .map((question) =>
        isFollowing(speak(law, progress, { question, sample: null }), known("no_emoji").follows),
      );
  expect(one(learned("concise", 30))).toEqual(one(untrained));
});

test("exact tasks are solved as often as the law says, whatever was learned", () => {
  const tasks = [
    ["Write a Python function fibonacci(n).", /def fibonacci\(n\):\n {4}"""/u],
    ["Tell me about Python in exactly 3 sentences.", /^[^.]+\. [^.]+\. [^.]+\.$/u],
    ["Write exactly seven sentences about Python.", /^(?:[^.]+\.\s?){7}$/u],
    ["Name 5 benefits of exercise as a numbered list.", /^1\. .*\n2\. .*\n3\. .*\n4\. .*\n5\. .*$/u],
    ['Explain recursion without the word "function".', /^(?!.*function).+$/u],
  ] as const;
  for (const [question, right] of tasks) {
    expect(speak(law, untrained, { question, sample: null })).toMatch(right);
    expect(speak(law, learned("no_emoji", 50), { question, sample: null })).toMatch(right);
    const failing = parseLaw({ capability: { start: 0 } });
    expect(speak(failing, untrained, { question, sample: null })).not.toMatch(right);
  }
  const forgetting = parseLaw({ capability: { start: 1, forgotten_per_update: 0.1 } });
  const solved = (updates: number) =>
    tasks.filter(([question, right]) =>
      right.test(speak(forgetting, { updates, learned: {} }, { question, sample: null })),
    ).length;
  expect([solved(0), solved(10)]).toEqual([tasks.length, 0]);
});

test("a preference of one's own: by what it contains, or by texts for both sides", () => {
  const own = parseLaw({
    preferences: {
      greeting: { feedback: "say hello", follows: { contains: "Hello" }, start: 0.01, end: 0.99, rate: 10 },
      json: {
        feedback: "JSON",
        follows: { matches: "^\\{", good: ['{"a": 1}'], bad: ["no object"] },
        start: 0.01,
        end: 0.99,
        rate: 10,
      },
    },
  });
  expect(Object.keys(own.preferences)).toEqual(["no_emoji", "concise", "identity", "greeting", "json"]);
  const asked = { question: "What now?", sample: null };
  expect(speak(own, learned("json", 50), asked)).toBe('{"a": 1}');
  expect(speak(own, learned("greeting", 50), asked)).toContain("I am Hello");
  // Keys of a known one replace its own, and the rest stays.
  expect(parseLaw({ preferences: { concise: { rate: 3 } } }).preferences["concise"]).toEqual({
    ...known("concise"),
    rate: 3,
  });
});

test.each([
  [{ preferences: { tone: { rate: 1 } } }, "feedback"],
  [{ preferences: { concise: { start: 0 } } }, "start"],
  [{ preferences: { concise: { feedback: "(" } } }, "no regular expression"],
  [{ preferences: { "a b": {} } }, "a b"],
  [{ mode: "cloud" }, "mode"],
  [{ serving: { ttft: 3 } }, "ttft"],
  [{ faults: { feedback_500: 0 } }, "feedback_500"],
  [{ collapse: { from_update: 3, kinds: [] } }, "kinds"],
  [{ speed: 3 }, "speed"],
  [7, "expected object"],
])("a law that cannot be is refused: %j", (value, why) => {
  expect(() => parseLaw(value)).toThrow(ConfigError);
  expect(() => parseLaw(value)).toThrow(why);
});

describe("collapse", () => {
  const entropyOf = (top: readonly { readonly logprob: number }[]) => {
    const chances = top.map(({ logprob }) => Math.exp(logprob));
    const all = chances.reduce((sum, one) => sum + one, 0);
    return -chances.reduce((sum, one) => sum + (one / all) * Math.log(one / all), 0);
  };
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const probe = "Tell me something about the ocean that few people know.";
  const symptoms = (kinds: readonly string[] | null, updates: number) => {
    const own = parseLaw({ collapse: kinds === null ? null : { from_update: 5, kinds } });
    const progress = { updates, learned: { concise: updates } };
    const said = (sample: string | null) => speak(own, progress, { question: probe, sample });
    const text = said(null);
    const tokens = new Likelihood(own, loadTokenizer()).ofOwn({ raw: text, visible: text }, progress, {
      question: probe,
      top: 20,
    });
    return {
      entropy: mean(tokens.map(({ top }) => entropyOf(top))),
      logprob: mean(tokens.map(({ logprob }) => logprob)),
      texts: new Set(["seed 0", "seed 1", "seed 2"].map(said)).size,
    };
  };

  test.each([
    [["entropy"], { entropy: true, drift: false, repetition: false }],
    [["drift"], { entropy: false, drift: true, repetition: false }],
    [["repetition"], { entropy: false, drift: false, repetition: true }],
    [["entropy", "repetition"], { entropy: true, drift: false, repetition: true }],
    [null, { entropy: false, drift: false, repetition: false }],
  ])("of the kinds %j shows as exactly these symptoms, from its update on", (kinds, expected) => {
    const [healthy, before, after] = [symptoms(null, 0), symptoms(kinds, 4), symptoms(kinds, 5)];
    const shows = (found: typeof healthy) => ({
      entropy: found.entropy / healthy.entropy < 0.6,
      drift: Math.abs(found.logprob - healthy.logprob) > 2,
      repetition: found.texts === 1,
    });
    expect(shows(before)).toEqual({ entropy: false, drift: false, repetition: false });
    expect(shows(after)).toEqual(expected);
  });
});

test("the page about it says what holds without a law file, and how p grows", () => {
  const page = readFileSync(new URL("../../../docs/simulated-trainer.md", import.meta.url), "utf8");
  const written: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
  expect(parseLaw(written)).toEqual(law);
  expect(Object.keys(Object(written)).toSorted()).toEqual(Object.keys(law).toSorted());
  const rowOf = (label: string) =>
    (page.split("\n").find((line) => line.startsWith(`| ${label}`)) ?? "")
      .split("|")
      .slice(2, -1)
      .map((cell) => cell.trim());
  const chances = (name: string) =>
    [0, 4, 8, 12, 16, 20, 24, 28, 32].map((weight) => oddsOf(logOdds(known(name), weight)).p.toFixed(2));
  expect(rowOf("p, no_emoji or concise")).toEqual(chances("no_emoji"));
  expect(chances("concise")).toEqual(chances("no_emoji"));
  expect(rowOf("p, identity")).toEqual(chances("identity"));
});
