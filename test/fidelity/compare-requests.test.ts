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
