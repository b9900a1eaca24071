import { describe, expect, test } from "vitest";
import { compareRequests } from "../../bench/fidelity/compare-requests.ts";
import { placeText } from "../../bench/fidelity/difference.ts";

const chat = "/v1/chat/completions";
const call = { id: "c1", type: "function", function: { name: "find", arguments: '{"id": "M1"}' } };
const tool = (name: string, more: object = {}) => ({
  type: "function",
  function: {
    name,
    description: name,
    parameters: { type: "object", properties: { id: { type: "string" } } },
  },
  ...more,
});
const request = {
  model: "m",
  messages: [
    { role: "system", content: "You are a clerk of a library – be brief, and use tools.\n" },
    { role: "user", content: "Renew L301 for me." },
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: '{"due": 2.0}' },
    { role: "user", content: "Thank you." },
  ],
  tools: [tool("find"), tool("renew"), tool("lend")],
  tool_choice: "auto",
  temperature: 0,
  top_p: 1,
  seed: 7,
  max_tokens: 256,
  stop: ["END"],
  stream: true,
  stream_options: { include_usage: true },
};
type Request = typeof request;
type Message = Request["messages"][number];

function compared(received: object | string, sent: object = request) {
  const body = typeof received === "string" ? received : JSON.stringify(received);
  return compareRequests({
    sent: { path: chat, body: JSON.stringify(sent) },
    received: { path: chat, body },
  });
}

const without = (name: keyof Request) => {
  const { [name]: _left, ...rest } = request;
  return rest;
};
const messages = (change: (messages: Message[]) => unknown[]) => ({
  ...request,
  messages: change(structuredClone(request.messages)),
});
const tools = (change: (tools: unknown[]) => unknown[]) => ({
  ...request,
  tools: change(structuredClone(request.tools)),
});

describe("what an arm altered in a request is named, with its place", () => {
  const altered: readonly (readonly [name: string, received: object | string, expected: string])[] = [
    ["temperature", { ...request, temperature: 0.7 }, "temperature changed at temperature"],
    ["temperature left out", without("temperature"), "temperature removed at temperature"],
    ["top_p", { ...request, top_p: 0.9 }, "top_p changed at top_p"],
    ["top_k added", { ...request, top_k: 20 }, "top_k added at top_k"],
    ["seed", { ...request, seed: 8 }, "seed changed at seed"],
    ["seed left out", without("seed"), "seed removed at seed"],
    ["seed as text", { ...request, seed: "7" }, "seed changed at seed"],
    ["limit", { ...request, max_tokens: 128 }, "max_tokens changed at max_tokens"],
    ["limit left out", without("max_tokens"), "max_tokens removed at max_tokens"],
    [
      "limit renamed and changed",
      { ...without("max_tokens"), max_completion_tokens: 4_096 },
      "max_tokens changed at max_tokens",
    ],
    ["limit added beside", { ...request, max_completion_tokens: 4_096 }, "max_tokens changed at max_tokens"],
    ["model", { ...request, model: "other" }, "model changed at model"],
    ["stop", { ...request, stop: ["END", "STOP"] }, "stop changed at stop"],
    ["penalty added", { ...request, frequency_penalty: 0.5 }, "frequency_penalty added at frequency_penalty"],
    ["bias added", { ...request, logit_bias: { "5": -100 } }, "logit_bias added at logit_bias"],
    ["several answers", { ...request, n: 2 }, "n added at n"],
    ["stream switched off", { ...request, stream: false }, "stream changed at stream"],
    ["tool choice", { ...request, tool_choice: "required" }, "tool_choice changed at tool_choice"],
    [
      "format",
      { ...request, response_format: { type: "json_object" } },
      "response_format added at response_format",
    ],
    ["unknown key", { ...request, provider: "x" }, "provider added at provider"],
    [
      "parallel calls",
      { ...request, parallel_tool_calls: false },
      "parallel_tool_calls added at parallel_tool_calls",
    ],
    ["one tool removed", tools((all) => all.slice(1)), "tools removed at tools[0]"],
    ["no tools", without("tools"), "tools removed at tools"],
    ["tool added", tools((all) => [...all, tool("spy")]), "tools added at tools[3]"],
    ["tools reordered", tools(([a, b, c]) => [b, a, c]), "tools reordered at tools"],
    ["tool doubled", tools((all) => [...all, all[0]]), "tools added at tools[3]"],
    [
      "tool renamed inside",
      tools(([a, b]) => [a, b, { ...tool("lend"), function: { name: "lend", description: "other" } }]),
      "tools[*].function.description changed at tools[2].function.description",
    ],
    [
      "strict added",
      tools(([a, b, c]) => [{ ...(a as object), strict: true }, b, c]),
      "tools[*].strict added at tools[0].strict",
    ],
    [
      "system message added",
      messages((all) => [{ role: "system", content: "x" }, ...all]),
      "messages added at messages[0]",
    ],
    [
      "system message merged",
      messages(([a, ...all]) => [{ ...a, content: `${a?.content}More.` }, ...all]),
      "messages[*].content changed at messages[0].content",
    ],
    [
      "message added in the middle",
      messages((all) => all.toSpliced(1, 0, { role: "user", content: "y" })),
      "messages added at messages[1]",
    ],
    [
      "message added at the end",
      messages((all) => [...all, { role: "user", content: "z" }]),
      "messages added at messages[5]",
    ],
    ["oldest messages removed", messages(([a, , , d, e]) => [a, d, e]), "messages removed at messages[1]"],
    ["only the last is left", messages((all) => all.slice(-1)), "messages removed at messages[0]"],
    ["no messages", { ...request, messages: [] }, "messages removed at messages[0]"],
    ["messages reordered", messages(([a, b, c, d, e]) => [a, e, c, d, b]), "messages reordered at messages"],
    [
      "text cut",
      messages(([a, ...all]) => [{ ...a, content: a?.content.slice(0, 30) }, ...all]),
      "messages[*].content changed at messages[0].content",
    ],
    [
      "white space trimmed",
      messages(([a, ...all]) => [{ ...a, content: a?.content.trim() }, ...all]),
      "messages[*].content changed at messages[0].content",
    ],
    [
      "a dash made ASCII",
      JSON.stringify(request).replace("–", "-"),
      "messages[*].content changed at messages[0].content",
    ],
    [
      "role changed",
      messages(([a, ...all]) => [{ ...a, role: "developer" }, ...all]),
      "messages[*].role changed at messages[0].role",
    ],
    [
      "arguments written anew",
      JSON.stringify(request).replace('{\\"id\\": \\"M1\\"}', '{\\"id\\":\\"M1\\"}'),
      "messages[*].tool_calls[*].function.arguments changed at messages[2].tool_calls[0].function.arguments",
    ],
    [
      "call id changed",
      JSON.stringify(request).replace('"id":"c1"', '"id":"c2"'),
      "messages[*].tool_calls[*].id changed at messages[2].tool_calls[0].id",
    ],
    [
      "tool result rounded",
      JSON.stringify(request).replace("2.0", "2"),
      "messages[*].content changed at messages[3].content",
    ],
    [
      "name added",
      messages(([a, ...all]) => [{ ...a, name: "x" }, ...all]),
      "messages[*].name added at messages[0].name",
    ],
    ["no JSON", "temperature=1", "body unreadable at body"],
    ["a list", "[]", "body unreadable at body"],
  ];
  test.each(altered)("%s", (_name, received, expected) => {
    const found = compared(received).differences.map(({ about, place }) => `${about} at ${placeText(place)}`);
    expect(found).toContain(expected);
  });

  test("a seed of more digits than a number of JavaScript keeps", () => {
    const text = (seed: string) => JSON.stringify(request).replace('"seed":7', `"seed":${seed}`);
    const sent = { path: chat, body: text("12345678901234567891") };
    const compare = (seed: string) =>
      compareRequests({ sent, received: { path: chat, body: text(seed) } }).differences.map(
        ({ what }) => what,
      );
    expect(compare("12345678901234567891")).toEqual([]);
    expect(compare("12345678901234567000")).toEqual([
      'seed "12345678901234567891" was sent, "12345678901234567000" reached the engine',
    ]);
  });
});

describe("what is the same request in another spelling is not named, and counted as a form", () => {
  /** The same JSON with the keys of every object the other way round. */
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, member]): [string, unknown] => [key, turned(member)]);
    return Object.fromEntries(entries.reverse());
  };
  const text = JSON.stringify(request);
  const honest: readonly (readonly [name: string, received: object | string, form: string | null])[] = [
    ["the same text", text, null],
    ["white space", JSON.stringify(request, null, 2), "white space, escapes or spelling of numbers"],
    ["escapes", text.replaceAll("–", "\\u2013"), "white space, escapes or spelling of numbers"],
    ["escaped slashes", text.replaceAll("L301", "\\u004c301"), "white space, escapes or spelling of numbers"],
    [
      "numbers",
      text.replace('"temperature":0', '"temperature":0.0'),
      "white space, escapes or spelling of numbers",
    ],
    [
      "exponents",
      text.replace('"max_tokens":256', '"max_tokens":2.56e2'),
      "white space, escapes or spelling of numbers",
    ],
    ["order of keys", turned(request) as object, "order of keys"],
    [
      "limit renamed",
      { ...without("max_tokens"), max_completion_tokens: 256 },
      "max_tokens and max_completion_tokens renamed",
    ],
    [
      "both names of the limit",
      { ...request, max_completion_tokens: 256 },
      "max_tokens and max_completion_tokens renamed",
    ],
    ["null for what is absent", { ...request, user: null, logit_bias: null }, "null or absent"],
    ["n: 1", { ...request, n: 1 }, "default of n written out or left out"],
    ["logprobs: false", { ...request, logprobs: false }, "default of logprobs written out or left out"],
    [
      "penalties of 0",
      { ...request, presence_penalty: 0, frequency_penalty: 0.0 },
      "default of presence_penalty written out or left out",
    ],
    [
      "format text",
      { ...request, response_format: { type: "text" } },
      "default of response_format written out or left out",
    ],
    [
      "strict: false",
      tools((all) =>
        all.map((one) => ({
          ...(one as object),
          function: { ...(one as { function: object }).function, strict: false },
        })),
      ),
      "default of tools.function.strict written out or left out",
    ],
    ["stop as a text", { ...request, stop: "END" }, "stop as text or list"],
    ["empty bias", { ...request, logit_bias: {} }, "empty logit_bias written out or left out"],
    [
      "null content beside calls",
      messages(([a, b, c, ...all]) => [a, b, { ...c, content: null }, ...all]),
      "empty content as null, text or absent",
    ],
    [
      "no content beside calls",
      messages(([a, b, { content: _left, ...c } = { role: "", content: "" }, ...all]) => [a, b, c, ...all]),
      "empty content as null, text or absent",
    ],
    [
      "no calls as an empty list",
      messages(([a, ...all]) => [{ ...a, tool_calls: [] }, ...all]),
      "empty messages.tool_calls written out or left out",
    ],
    [
      "index beside calls",
      text.replace('"id":"c1","type"', '"index":0,"id":"c1","type"'),
      "index beside tool calls",
    ],
    [
      "type of calls left out",
      text.replace('"id":"c1","type":"function"', '"id":"c1"'),
      "default of messages.tool_calls.type written out or left out",
    ],
    [
      "text as a part",
      messages(([a, ...all]) => [{ ...a, content: [{ type: "text", text: a?.content }] }, ...all]),
      "content as text or parts",
    ],
    [
      "SGLang's defaults",
      { ...request, separate_reasoning: true, skip_special_tokens: true, ignore_eos: false },
      "default of separate_reasoning written out or left out",
    ],
    [
      "the last of a repeated key",
      text.replace('"temperature":0', '"temperature":1,"temperature":0'),
      "white space, escapes or spelling of numbers",
    ],
  ];
  test.each(honest)("%s", (_name, received, form) => {
    const { differences, forms } = compared(received);
    expect(differences).toEqual([]);
    expect(form === null ? forms.length === 0 : forms.includes(form)).toBe(true);
  });
});

describe("a chat request that is rendered to /generate", () => {
  const rendered = (parameters: object) =>
    compareRequests({
      sent: { path: chat, body: JSON.stringify({ ...request, min_tokens: 2 }) },
      received: {
        path: "/generate",
        body: JSON.stringify({ input_ids: [1, 2], sampling_params: parameters, stream: true, rid: "r" }),
      },
    });
  const whole = {
    temperature: 0,
    top_p: 1,
    top_k: -1,
    sampling_seed: 7,
    max_new_tokens: 256,
    stop: "END",
    min_new_tokens: 2,
  };

  test("sampling, seed, limits and stop texts are compared under the engine's names; the prompt cannot be", () => {
    const { differences, forms, unknown } = rendered(whole);
    expect(differences).toEqual([]);
    expect(forms).toContain("chat rendered to /generate");
    expect(unknown).toEqual([expect.stringContaining("messages and tools")]);
  });

  test.each([
    ["temperature", { temperature: 0.5 }, "temperature changed"],
    ["seed", { sampling_seed: undefined }, "seed removed"],
    ["limit", { max_new_tokens: 300 }, "max_tokens changed"],
    ["stop", { stop: [] }, "stop changed"],
    ["least tokens", { min_new_tokens: 0 }, "min_tokens changed"],
  ])("another %s is named", (_name, change, about) => {
    expect(rendered({ ...whole, ...change }).differences.map((difference) => difference.about)).toEqual([
      about,
    ]);
  });
});
