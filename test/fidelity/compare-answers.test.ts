import { describe, expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { compareAnswers } from "../../bench/fidelity/compare-answers.ts";

interface Said {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly { readonly id?: string; readonly name: string; readonly text: string }[];
  readonly finish?: string;
  readonly usage?: object | null;
  readonly head?: object;
}

const usage = {
  prompt_tokens: 40,
  completion_tokens: 12,
  total_tokens: 52,
  prompt_tokens_details: { cached_tokens: 8 },
};
const base = { text: "Your loan L301 is renewed.", finish: "stop", usage } as const;
const called: Said = {
  calls: [
    { id: "c1", name: "find", text: '{"id": "M1"}' },
    { id: "c2", name: "renew", text: '{"loan": "L301"}' },
  ],
  finish: "tool_calls",
  usage,
};
const headOf = ({ head }: Said) => ({ id: "chatcmpl-1", model: "m", created: 1, object: "x", ...head });
const callsOf = ({ calls = [] }: Said, more: (index: number) => object) =>
  calls.map(({ id, name, text }, index) => ({
    ...more(index),
    ...(id !== undefined && { id }),
    type: "function",
    function: { name, arguments: text },
  }));

/** In one piece. */
function whole(said: Said): string {
  const { text = null, reasoning, finish = "stop" } = said;
  const message = {
    role: "assistant",
    content: text,
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(said.calls !== undefined && { tool_calls: callsOf(said, () => ({})) }),
  };
  return JSON.stringify({
    ...headOf(said),
    choices: [{ index: 0, message, finish_reason: finish }],
    usage: said.usage,
  });
}

/** As a stream, three characters an event. */
function streamed(said: Said, separator = "\n\n"): string {
  const { text = "", reasoning = "", finish = "stop" } = said;
  const pieces = (of: string) => of.match(/.{1,3}/gs) ?? [];
  const deltas = [
    { role: "assistant" },
    ...pieces(reasoning).map((piece) => ({ reasoning: piece })),
    ...pieces(text).map((content) => ({ content })),
    ...callsOf(said, (index) => ({ index })).map((call) => ({ tool_calls: [call] })),
  ];
  const events = [
    ...deltas.map((delta) => ({ ...headOf(said), choices: [{ index: 0, delta }] })),
    { ...headOf(said), choices: [{ index: 0, delta: {}, finish_reason: finish }] },
    ...(said.usage == null ? [] : [{ ...headOf(said), choices: [], usage: said.usage }]),
  ];
  return [...events.map((event) => `data: ${JSON.stringify(event)}`), "data: [DONE]", ""].join(separator);
}

function compared(engine: string, arm: string, usageNotAsked = false) {
  return compareAnswers({
    engine: readAnswer(engine),
    arm: readAnswer(arm),
    rendered: false,
    offered: null,
    usageNotAsked,
  });
}

describe("what an arm altered in an answer is named", () => {
  const calls = (change: (calls: NonNullable<Said["calls"]>) => readonly unknown[]): Said => ({
    ...called,
    calls: change(called.calls ?? []) as NonNullable<Said["calls"]>,
  });
  const altered: readonly (readonly [name: string, engine: Said, arm: Said, about: string])[] = [
    ["another word", base, { ...base, text: "Your loan L302 is renewed." }, "answer.text changed"],
    ["cut", base, { ...base, text: "Your loan" }, "answer.text changed"],
    ["lengthened", base, { ...base, text: `${base.text} Buy now!` }, "answer.text changed"],
    ["left out", base, { ...base, text: "" }, "answer.text changed"],
    ["made up", { ...base, text: "" }, base, "answer.text changed"],
    ["trimmed", { ...base, text: `${base.text}\n` }, base, "answer.text changed"],
    ["in another order", base, { ...base, text: "loan Your L301 is renewed." }, "answer.text changed"],
    ["reasoning left out", { ...base, reasoning: "He is late." }, base, "answer.reasoning changed"],
    [
      "reasoning told as the answer",
      { ...base, reasoning: "Hm." },
      { ...base, text: `Hm.${base.text}` },
      "answer.text changed",
    ],
    ["a call left out", called, calls(([first]) => [first]), "answer.calls removed"],
    ["all calls left out", called, { ...called, calls: [] }, "answer.calls removed"],
    [
      "a call added",
      called,
      calls((all) => [...all, { id: "c3", name: "spy", text: "{}" }]),
      "answer.calls added",
    ],
    ["calls in another order", called, calls((all) => all.toReversed()), "answer.calls reordered"],
    ["another name", called, calls(([a, b]) => [{ ...a, name: "lend" }, b]), "answer.calls[*].name changed"],
    [
      "other arguments",
      called,
      calls(([a, b]) => [{ ...a, text: '{"id": "M2"}' }, b]),
      "answer.calls[*].arguments changed",
    ],
    [
      "cut arguments",
      called,
      calls(([a, b]) => [{ ...a, text: '{"id": ' }, b]),
      "answer.calls[*].arguments changed",
    ],
    [
      "emptied arguments",
      called,
      calls(([a, b]) => [{ ...a, text: "{}" }, b]),
      "answer.calls[*].arguments changed",
    ],
    [
      "two calls with one id",
      called,
      calls(([a, b]) => [a, { ...b, id: "c1" }]),
      "answer.calls.id made-equal",
    ],
    ["another finish reason", base, { ...base, finish: "length" }, "answer.finish_reason changed"],
    ["calls that end with stop", called, { ...called, finish: "stop" }, "answer.finish_reason changed"],
    [
      "more completion tokens",
      base,
      { ...base, usage: { ...usage, completion_tokens: 13 } },
      "answer.usage.completionTokens changed",
    ],
    [
      "fewer prompt tokens",
      base,
      { ...base, usage: { ...usage, prompt_tokens: 4 } },
      "answer.usage.promptTokens changed",
    ],
    [
      "other cached tokens",
      base,
      { ...base, usage: { ...usage, prompt_tokens_details: { cached_tokens: 40 } } },
      "answer.usage.cachedTokens changed",
    ],
    ["usage left out", base, { ...base, usage: null }, "answer.usage changed"],
    ["usage made up", { ...base, usage: null }, base, "answer.usage changed"],
    ["another model", base, { ...base, head: { model: "other" } }, "answer.model changed"],
    [
      "another build",
      { ...base, head: { system_fingerprint: "a" } },
      { ...base, head: { system_fingerprint: "b" } },
      "answer.system_fingerprint changed",
    ],
  ];
  test.each(altered)("%s", (...[, engine, arm, about]) => {
    for (const left of [streamed(arm), whole(arm)])
      expect(compared(streamed(engine), left).differences.map((difference) => difference.about)).toContain(
        about,
      );
  });
});

describe("what is the same answer in another form is not named", () => {
  const honest: readonly (readonly [name: string, engine: string, arm: string])[] = [
    ["one piece made a stream", whole(base), streamed(base)],
    ["a stream made one piece", streamed(called), whole(called)],
    ["one event a line", streamed(base), streamed(base).replaceAll("\n\n", "\r\n\r\n")],
    [
      "comments that keep the connection open",
      streamed(base),
      `: keep-alive\n\n${streamed(base, "\n\n: ping\n\n")}`,
    ],
    ["empty data", streamed(base), `data:\n\n${streamed(base)}`],
    ["events with names", streamed(base), streamed(base).replaceAll("data: {", "event: message\ndata: {")],
    ["another id and time", streamed(base), streamed({ ...base, head: { id: "gw-9", created: 9 } })],
    ["a model that is not told", streamed(base), streamed({ ...base, head: { model: undefined } })],
    [
      "cached tokens left out",
      streamed(base),
      streamed({ ...base, usage: { prompt_tokens: 40, completion_tokens: 12 } }),
    ],
    [
      "usage with more details",
      streamed(base),
      streamed({ ...base, usage: { ...usage, cost: 0.1, completion_tokens_details: null } }),
    ],
    [
      "usage in the last event with a choice",
      streamed(base),
      streamed({ ...base, usage: null }).replace(
        '"finish_reason":"stop"}]',
        `"finish_reason":"stop"}],"usage":${JSON.stringify(usage)}`,
      ),
    ],
    [
      "usage in every event",
      streamed(base),
      streamed(base).replaceAll('"object":"x"', `"object":"x","usage":${JSON.stringify(usage)}`),
    ],
    [
      "ids of calls given anew",
      streamed(called),
      streamed({ ...called, calls: (called.calls ?? []).map((call, at) => ({ ...call, id: `g${at}` })) }),
    ],
    [
      "arguments spelled otherwise",
      streamed(called),
      streamed({
        ...called,
        calls: (called.calls ?? []).map((call) => ({ ...call, text: call.text.replaceAll(": ", ":") })),
      }),
    ],
    [
      "no arguments as an object",
      streamed({ ...called, calls: [{ id: "c", name: "list", text: "" }] }),
      streamed({ ...called, calls: [{ id: "c", name: "list", text: "{}" }] }),
    ],
    ["null content beside calls", whole(called), whole({ ...called, text: "" })],
    [
      "reasoning under its other name",
      whole({ ...base, reasoning: "Hm." }),
      streamed({ ...base, reasoning: "Hm." }),
    ],
    [
      "the role in every event",
      streamed(base),
      streamed(base).replaceAll('"delta":{"content"', '"delta":{"role":"assistant","content"'),
    ],
    ["escapes", streamed(base), streamed(base).replaceAll("Y", "\\u0059")],
    ["no end marker", streamed(base), streamed(base).replace("data: [DONE]\n\n", "")],
  ];
  test.each(honest)("%s", (_name, engine, arm) => {
    expect(compared(engine, arm).differences).toEqual([]);
  });

  test("usage that nobody asked for may be left out, and added", () => {
    const without = streamed({ ...base, usage: null });
    expect(compared(streamed(base), without, true).differences).toEqual([]);
    expect(compared(without, streamed(base), true).differences).toEqual([]);
  });
});

describe("an answer that a gateway makes of the text of /generate", () => {
  const generated = (text: string, finish = "stop") =>
    readAnswer(
      JSON.stringify({
        text,
        meta_info: {
          id: "r",
          finish_reason: { type: finish },
          prompt_tokens: 40,
          completion_tokens: 12,
          cached_tokens: 8,
        },
      }),
    );
  const raw = 'Let me see.\n<tool_call>\n{"name": "find", "arguments": {"id": "M1"}}\n</tool_call>';
  const parsed: Said = {
    text: "Let me see.",
    calls: [{ id: "c", name: "find", text: '{"id": "M1"}' }],
    finish: "tool_calls",
    usage,
  };
  const differences = (engine: string, arm: Said, finish?: string) =>
    compareAnswers({
      engine: generated(engine, finish),
      arm: readAnswer(streamed(arm)),
      rendered: true,
      offered: ["find", "lend"],
      usageNotAsked: false,
    }).differences.map(({ about }) => about);

  test("what SGLang leaves as text of a call of no tool, without its marks, is part of the engine's text", () => {
    const engine = '<tool_call>\n{"name": "no_such", "arguments": {"a": 1}}\n</tool_call>\n then';
    expect(differences(engine, { text: ', "arguments": {"a": 1}}\n\n then', usage })).toEqual([]);
    expect(differences(engine, { text: ', "arguments": {"a": 2}}\n\n then', usage })).toEqual([
      "answer.text changed",
    ]);
  });

  test("its text and calls are parts of the engine's text, and its end is the engine's", () => {
    expect(differences(raw, parsed)).toEqual([]);
    expect(differences("Yes.", { text: "Yes.", usage })).toEqual([]);
    expect(differences(raw, { text: raw, finish: "stop", usage })).toEqual([]);
    expect(differences("Yes.", { text: "Yes.", finish: "length", usage }, "length")).toEqual([]);
  });

  const broken = '<tool_call>\n{"name": "find", "arguments": {"id": \n</tool_call>';
  const unknown = '<tool_call>\n{"name": "nobody_offered_this", "arguments": {}}\n</tool_call>';
  test.each<readonly [string, string, Said]>([
    ["a broken call that is left out", broken, { text: "", finish: "stop", usage }],
    [
      "a broken call that was cut",
      '<tool_call>\n{"name": "find", "argu',
      { text: "", finish: "length", usage },
    ],
    [
      "a broken call as text, whose mark makes it a call's end",
      broken,
      { text: broken, finish: "tool_calls", usage },
    ],
    ["a call of a tool that was not offered", unknown, { text: "", finish: "tool_calls", usage }],
  ])("what the engine's own parser does with %s is no alteration", (_name, engine, arm) => {
    expect(differences(engine, arm, arm.finish === "length" ? "length" : "stop")).toEqual([]);
  });

  test("a call of an offered tool that is left out is, also among others, and text before a mark", () => {
    const two = `${raw}\n<tool_call>\n{"name": "lend", "arguments": {}}\n</tool_call>`;
    expect(differences(two, parsed)).toEqual(["answer.calls removed"]);
    expect(differences(raw, { ...parsed, calls: [] })).toEqual(["answer.calls removed"]);
    const long = `Before I do this I have to look the member up. ${broken}`;
    expect(differences(long, { text: "", finish: "stop", usage })).toEqual(["answer.text changed"]);
  });

  test.each<readonly [string, Said, string]>([
    ["another text", { ...parsed, text: "Let me think." }, "answer.text changed"],
    ["another call", { ...parsed, calls: [{ id: "c", name: "lend", text: "{}" }] }, "answer.calls changed"],
    ["nothing at all", { finish: "stop", usage }, "answer.text changed"],
    ["another end", { ...parsed, finish: "length" }, "answer.finish_reason changed"],
    [
      "other usage",
      { ...parsed, usage: { ...usage, completion_tokens: 2 } },
      "answer.usage.completionTokens changed",
    ],
  ])("%s is named", (_name, arm, about) => {
    expect(differences(raw, arm)).toContain(about);
  });
});
