import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const text = chunk({ delta: { content: "Done: the loan is renewed." } });
const end = chunk({ delta: {}, finish_reason: "stop" });
const counts = (promptTokens: number, completionTokens: number, cachedTokens: number | null = null) => ({
  promptTokens,
  completionTokens,
  cachedTokens,
});
const good = { prompt_tokens: 140, completion_tokens: 7, total_tokens: 147 };
const prompt = { prompt_tokens: 140 };
const completion = { completion_tokens: 7 };
const details = (cached: unknown) => ({ ...good, prompt_tokens_details: { cached_tokens: cached } });
const called = (argumentsText: string) =>
  chunk({ delta: { tool_calls: [{ id: "a", function: { name: "f", arguments: argumentsText } }] } });
const events = (count: number) =>
  Array.from({ length: count }, () => chunk({ delta: { content: " renewed today by" } }));

/** The usages of a stream in their order, what is taken of them, and whether something in them is called impossible. */
const reports: readonly (readonly [string, readonly unknown[], ReturnType<typeof counts> | null, boolean])[] =
  [
    ["one", [good], counts(140, 7), false],
    ["none", [], null, false],
    ["null", [null], null, false],
    ["twice the same", [good, good], counts(140, 7), false],
    [
      "counting up",
      [{ ...good, completion_tokens: 1 }, { ...good, completion_tokens: 4 }, good],
      counts(140, 7),
      false,
    ],
    [
      "zeros behind it",
      [good, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
      counts(140, 7),
      false,
    ],
    ["no completion behind it", [good, { prompt_tokens: 140, completion_tokens: 0 }], counts(140, 7), false],
    ["fewer behind it", [good, { prompt_tokens: 140, completion_tokens: 3 }], counts(140, 7), false],
    ["zeros before it", [{ prompt_tokens: 0, completion_tokens: 0 }, good], counts(140, 7), false],
    ["zeros alone beside a text", [{ prompt_tokens: 0, completion_tokens: 0 }], null, true],
    ["no completion tokens beside a text", [{ prompt_tokens: 140, completion_tokens: 0 }], null, true],
    ["a prompt that was all cached", [{ prompt_tokens: 0, completion_tokens: 7 }], counts(0, 7), false],
    ["a part of a token", [{ ...good, prompt_tokens: 10.5 }], null, true],
    [
      "a whole number with a point",
      ['{"usage":{"prompt_tokens":140.0,"completion_tokens":7.0}}'],
      counts(140, 7),
      false,
    ],
    ["a negative count", [{ ...good, completion_tokens: -5 }], null, true],
    ["a negative count behind a good one", [good, { ...good, prompt_tokens: -5 }], counts(140, 7), true],
    ["1e300", [{ ...good, completion_tokens: 1e300 }], null, true],
    ["more than a number can count", [{ ...good, completion_tokens: 2 ** 53 }], null, true],
    ["infinity as a text", [{ ...good, completion_tokens: "Infinity" }], null, true],
    ["digits as a text", [{ prompt_tokens: "140", completion_tokens: "7" }], counts(140, 7), false],
    ["another text", [{ ...good, prompt_tokens: "many" }], null, true],
    ["a truth value", [{ ...good, prompt_tokens: true }], null, true],
    ["a list", [[140, 7]], null, true],
    ["a number", [147], null, true],
    ["a text", ["147"], null, true],
    ["the total alone", [{ total_tokens: 147 }], null, true],
    ["one part null", [{ prompt_tokens: 140, completion_tokens: null }], null, true],
    ["all parts null", [{ prompt_tokens: null, completion_tokens: null }], null, false],
    ["nothing in it", [{}], null, false],
    ["an empty list", [[]], null, false],
    ["an empty text", [""], null, false],
    ["nothing in it behind it", [good, {}], counts(140, 7), false],
    ["nothing in its details", [{ prompt_tokens_details: {} }], null, false],
    ["prompt, then completion", [prompt, completion], counts(140, 7), false],
    ["completion, then prompt", [completion, prompt], counts(140, 7), false],
    [
      "the other one null",
      [
        { ...prompt, completion_tokens: null },
        { prompt_tokens: null, ...completion },
      ],
      counts(140, 7),
      false,
    ],
    [
      "the other one zero",
      [
        { ...prompt, completion_tokens: 0 },
        { prompt_tokens: 0, ...completion },
      ],
      counts(140, 7),
      false,
    ],
    [
      "the other one zero, completion first",
      [
        { prompt_tokens: 0, ...completion },
        { ...prompt, completion_tokens: 0 },
      ],
      counts(140, 7),
      false,
    ],
    ["input, then output", [{ input_tokens: 140 }, { output_tokens: 7 }], counts(140, 7), false],
    [
      "input, then output that counts up (Anthropic)",
      [{ input_tokens: 140, output_tokens: 1 }, { output_tokens: 7 }],
      counts(140, 7),
      false,
    ],
    ["prompt, completion, total", [prompt, completion, { total_tokens: 147 }], counts(140, 7), false],
    ["both behind a half", [prompt, good], counts(140, 7), false],
    ["a half behind both", [good, completion], counts(140, 7), false],
    ["a half that is smaller behind both", [good, { completion_tokens: 3 }], counts(140, 7), false],
    ["a half of nothing behind both", [good, { prompt_tokens: 0 }], counts(140, 7), false],
    ["the prompt alone", [prompt], null, true],
    ["the completion alone", [completion], null, true],
    ["prompt, then a completion that cannot be", [prompt, { completion_tokens: -7 }], null, true],
    ["cached tokens with the prompt", [details(3), completion], counts(140, 7, 3), false],
    [
      "cached tokens before the prompt",
      [{ ...completion, cached_tokens: 3 }, prompt],
      counts(140, 7, 3),
      false,
    ],
    ["cached tokens in an event of their own", [good, { cached_tokens: 3 }], counts(140, 7, 3), false],
    [
      "more cached tokens than the prompt that comes later",
      [{ ...completion, cached_tokens: 141 }, prompt],
      counts(140, 7),
      true,
    ],
    ["the names of another API", [{ input_tokens: 140, output_tokens: 7 }], counts(140, 7), false],
    ["cached tokens", [details(3)], counts(140, 7, 3), false],
    ["cached tokens null", [details(null)], counts(140, 7), false],
    ["cached tokens of DeepSeek", [{ ...good, prompt_cache_hit_tokens: 128 }], counts(140, 7, 128), false],
    ["cached tokens that a later one leaves out", [details(3), good], counts(140, 7, 3), false],
    ["more cached than there are", [details(141)], counts(140, 7), true],
    ["a negative number of cached tokens", [details(-1)], counts(140, 7), true],
    ["a part of a cached token", [details(0.5)], counts(140, 7), true],
  ];

test.each(reports)("usage: %s", (...[, usages, expected, isImpossible]) => {
  const reported = usages.map((usage) =>
    typeof usage === "string" && usage.startsWith("{") ? usage : { choices: [], usage },
  );
  const answer = readAnswer(stream(text, end, ...reported, "[DONE]"));
  expect(answer).toMatchObject({ usage: expected, unreadable: { count: 0 }, incomplete: null });
  expect(answer.impossibleUsage !== null).toBe(isImpossible);
});

test.each([
  ["in a choice", [chunk({ delta: {}, finish_reason: "stop", usage: good })]],
  ["of Groq", [end, { choices: [], x_groq: { id: "r", usage: good } }]],
  ["in the middle", [{ choices: [], usage: good }, text, end]],
  ["behind [DONE]", [end, "[DONE]", { choices: [], usage: good }]],
  [
    "in every event",
    [
      { ...text, usage: good },
      { ...end, usage: good },
    ],
  ],
  ["without choices", [end, { usage: good }]],
])("usage %s counts", (_name, answered) => {
  expect(readAnswer(stream(text, ...answered))).toMatchObject({
    usage: counts(140, 7),
    impossibleUsage: null,
  });
});

test.each([
  ["a call", [called('{"loan_id":"L301"}')], 0, null],
  ["reasoning", [chunk({ delta: { reasoning: "Hm." } })], 0, null],
  ["nothing", [chunk({ delta: { content: "" } })], 0, counts(140, 0)],
  ["twenty events of words for one token", events(20), 1, null],
  ["as many tokens as events", events(20), 20, counts(140, 20)],
  [
    "a gateway that sends letter by letter",
    Array.from("Done: the loan", (content) => chunk({ delta: { content } })),
    4,
    counts(140, 4),
  ],
])("completion tokens are held against what was said: %s", (...[, said, completion, expected]) => {
  const usage = { prompt_tokens: 140, completion_tokens: completion };
  const answer = readAnswer(stream(...said, end, { choices: [], usage }));
  expect(answer.usage).toEqual(expected);
  expect(answer.impossibleUsage === null).toBe(expected !== null);
});

test("in /generate, too", () => {
  const frame = (more: object) =>
    readAnswer(stream({ text: "a", meta_info: { finish_reason: { type: "stop" }, ...more } }, "[DONE]"));
  expect(frame({ prompt_tokens: 10.5, completion_tokens: 7 })).toMatchObject({
    usage: null,
    unreadable: { count: 0 },
  });
  expect(frame({ prompt_tokens: 10, completion_tokens: 7, cached_tokens: 4 }).usage).toEqual(
    counts(10, 7, 4),
  );
});
