import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  normaliseMessages,
  type EngineProfile,
  type Message,
} from "../../../bench/gateway/rendering/normalise-messages.ts";
import { messageLists } from "./message-lists.ts";

const sglang: EngineProfile = { rules: "sglang", contentFormat: "string" };
const parts: EngineProfile = { rules: "sglang", contentFormat: "openai" };
const pr1175: EngineProfile = { rules: "pr1175", contentFormat: "string" };

const a = { type: "text", text: "a" };
const b = { type: "text", text: "b" };
const image = { type: "image_url", image_url: { url: "data:," } };
function* onePart() {
  yield a;
}

/** What a content becomes: for templates that print text, for templates that print parts, and in AReaL's pull request. */
const contents: readonly (readonly [string, unknown, { text: unknown; list: unknown; pr1175: unknown }])[] = [
  ["a text", "hi", { text: "hi", list: "hi", pr1175: "hi" }],
  ["an empty text", "", { text: "", list: "", pr1175: "" }],
  ["null", null, { text: "", list: "", pr1175: null }],
  ["nothing", undefined, { text: "", list: "", pr1175: undefined }],
  ["one text part", [a], { text: "a", list: [a], pr1175: "a" }],
  ["a part without type", [{ text: "a" }], { text: "a", list: [a], pr1175: "a" }],
  ["a text as part", ["a"], { text: "a", list: [a], pr1175: "a" }],
  ["a number as part", [42], { text: "42", list: [{ type: "text", text: "42" }], pr1175: "42" }],
  ["an iterator of one part", { [Symbol.iterator]: onePart }, { text: "a", list: [a], pr1175: "a" }],
  ["two text parts", [a, b], { text: "a b", list: [a, b], pr1175: [a, b] }],
  ["two texts as parts", ["a", "b"], { text: "a b", list: [a, b], pr1175: [a, b] }],
  ["text and image", [a, image], { text: "a", list: [a, { type: "image" }], pr1175: [a, image] }],
  ["only an image", [image], { text: "", list: [{ type: "image" }], pr1175: [image] }],
  ["an unknown part", [a, { type: "thinking" }], { text: "a", list: [a], pr1175: [a, { type: "thinking" }] }],
  [
    "input_text",
    [{ type: "input_text", text: "a" }],
    { text: "a", list: [a], pr1175: [{ type: "input_text", text: "a" }] },
  ],
  ["no parts", [], { text: "", list: [], pr1175: [] }],
  ["a part without text", [{ type: "text" }], { text: "", list: [{ type: "text", text: "" }], pr1175: "" }],
  [
    "a part whose text is null",
    [{ type: "text", text: null }],
    { text: "", list: [{ type: "text", text: "" }], pr1175: "" },
  ],
  // The corrupt ones of the pull request, right.
  ["a mapping", a, { text: "a", list: [a], pr1175: "a" }],
  ["bytes", new TextEncoder().encode("hé"), { text: "hé", list: "hé", pr1175: "hé" }],
  ["a buffer", Buffer.from("hi"), { text: "hi", list: "hi", pr1175: "hi" }],
  ["bytes as part", [Buffer.from("hi")], { text: "hi", list: [{ type: "text", text: "hi" }], pr1175: "hi" }],
  ["a number", 5, { text: "5", list: "5", pr1175: "5" }],
  ["a boolean", true, { text: "true", list: "true", pr1175: "true" }],
];

test.each(contents)("content: %s", (_name, content, expected) => {
  const become = (profile: EngineProfile) =>
    normaliseMessages([{ role: "user", content }], profile).messages[0]?.["content"];
  expect({ text: become(sglang), list: become(parts), pr1175: become(pr1175) }).toEqual(expected);
});

test("a tool's text parts are one text for every template", () => {
  const message = { role: "tool", content: [a, b] };
  expect(normaliseMessages([message], parts).messages).toEqual([{ role: "tool", content: "a b" }]);
});

const object = { b: 1, a: [1] };
/** What argument texts become. `invalid`: kept as they are, and counted. */
const argumentTexts: readonly (readonly [string, { sglang: unknown; pr1175: unknown; invalid: number }])[] = [
  ['{"b":1,"a":[1]}', { sglang: object, pr1175: object, invalid: 0 }],
  ["{}", { sglang: {}, pr1175: {}, invalid: 0 }],
  ["{bad", { sglang: "{bad", pr1175: "{bad", invalid: 1 }],
  ["", { sglang: "", pr1175: "", invalid: 1 }],
  ["[1]", { sglang: "[1]", pr1175: [1], invalid: 1 }],
  ["5", { sglang: "5", pr1175: 5, invalid: 1 }],
  ["null", { sglang: "null", pr1175: null, invalid: 1 }],
];

test.each(argumentTexts)("arguments: %j", (text, { invalid, ...expected }) => {
  const message = {
    role: "assistant",
    content: "",
    tool_calls: [{ id: "1", function: { name: "f", arguments: text } }],
  };
  const become = (profile: EngineProfile) => {
    const { messages } = normaliseMessages([message], profile);
    const calls = messages.flatMap((one) => one["tool_calls"] as { function: Message }[]);
    return calls[0]?.function["arguments"];
  };
  expect({ sglang: become(sglang), pr1175: become(pr1175) }).toEqual(expected);
  expect(normaliseMessages([message], sglang).invalidArguments).toBe(invalid);
});

test("key order of arguments stays", () => {
  const calls = [{ function: { name: "f", arguments: '{"b":1,"a":[1]}' } }];
  const { messages } = normaliseMessages([{ role: "assistant", content: "", tool_calls: calls }], sglang);
  expect(JSON.stringify(messages)).toContain('{"b":1,"a":[1]}');
});

test("calls in the flat form, of another role, and such as are no calls", () => {
  const flat = { name: "f", arguments: '{"a":1}' };
  const become = (message: Message) => normaliseMessages([message], sglang);
  expect(become({ role: "assistant", content: "", tool_calls: [flat] }).messages).toEqual([
    { role: "assistant", content: "", tool_calls: [{ name: "f", arguments: { a: 1 } }] },
  ]);
  const malformed = {
    role: "assistant",
    content: "",
    tool_calls: ["x", { function: null }, { function: { name: "f" } }],
  };
  expect(become(malformed)).toEqual({
    messages: [{ role: "assistant", content: "", tool_calls: [{ function: { name: "f" } }] }],
    invalidArguments: 0,
    malformedCalls: 2,
  });
  const user = { role: "user", content: "", tool_calls: [{ function: flat }] };
  expect(become(user).messages[0]).toBe(user);
});

/** The fifteen cases of the pull request's own tests: seven of flattening, five of tool arguments, three of both. */
const call = (text: unknown) => ({ id: "1", type: "function", function: { name: "f", arguments: text } });
const fifteen: readonly (readonly [string, readonly Message[], readonly Message[]])[] = [
  ["a plain text", [{ role: "user", content: "hi" }], [{ role: "user", content: "hi" }]],
  ["a single text part", [{ role: "user", content: [a] }], [{ role: "user", content: "a" }]],
  ["a part of another role", [{ role: "system", content: [a] }], [{ role: "system", content: "a" }]],
  ["several parts stay a list", [{ role: "user", content: [a, b] }], [{ role: "user", content: [a, b] }]],
  ["an image stays", [{ role: "user", content: [image] }], [{ role: "user", content: [image] }]],
  ["null stays", [{ role: "assistant", content: null }], [{ role: "assistant", content: null }]],
  ["no content", [{ role: "assistant" }], [{ role: "assistant" }]],
  [
    "arguments as text",
    [{ role: "assistant", content: null, tool_calls: [call('{"a":1}')] }],
    [{ role: "assistant", content: null, tool_calls: [call({ a: 1 })] }],
  ],
  [
    "arguments as object",
    [{ role: "assistant", content: null, tool_calls: [call({ a: 1 })] }],
    [{ role: "assistant", content: null, tool_calls: [call({ a: 1 })] }],
  ],
  [
    "invalid arguments",
    [{ role: "assistant", content: null, tool_calls: [call("{")] }],
    [{ role: "assistant", content: null, tool_calls: [call("{")] }],
  ],
  [
    "several calls",
    [{ role: "assistant", content: null, tool_calls: [call("{}"), call('{"b":[]}')] }],
    [{ role: "assistant", content: null, tool_calls: [call({}), call({ b: [] })] }],
  ],
  ["no calls", [{ role: "assistant", content: "x" }], [{ role: "assistant", content: "x" }]],
  [
    "a conversation with both",
    [
      { role: "user", content: [a] },
      { role: "assistant", content: [b], tool_calls: [call('{"a":1}')] },
      { role: "tool", tool_call_id: "1", content: [a] },
    ],
    [
      { role: "user", content: "a" },
      { role: "assistant", content: "b", tool_calls: [call({ a: 1 })] },
      { role: "tool", tool_call_id: "1", content: "a" },
    ],
  ],
  ["no messages", [], []],
  [
    "several messages in their order",
    [
      { role: "user", content: ["1"] },
      { role: "user", content: ["2"] },
    ],
    [
      { role: "user", content: "1" },
      { role: "user", content: "2" },
    ],
  ],
];

test.each(fifteen)("pull request 1175: %s", (_name, messages, expected) => {
  const before = structuredClone(messages);
  expect(normaliseMessages(messages, pr1175).messages).toEqual(expected);
  expect(messages).toEqual(before);
});

test("nothing that came in is changed, and what does not change is the same object", () => {
  fc.assert(
    fc.property(messageLists, fc.constantFrom(sglang, parts, pr1175), ({ messages }, profile) => {
      const before = structuredClone(messages);
      const once = normaliseMessages(messages, profile);
      expect(messages).toEqual(before);
      const plain = messages.filter(
        (message) => typeof message["content"] === "string" && !("tool_calls" in message),
      );
      expect(plain.every((message) => once.messages.includes(message))).toBe(true);
    }),
    { seed: 3, numRuns: 300 },
  );
});
