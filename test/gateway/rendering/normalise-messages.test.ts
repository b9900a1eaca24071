import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  normaliseMessages,
  type ContentFormat,
  type Message,
} from "../../../bench/gateway/rendering/normalise-messages.ts";
import { messageLists } from "./message-lists.ts";

const a = { type: "text", text: "a" };
const b = { type: "text", text: "b" };
const image = { type: "image_url", image_url: { url: "data:," } };

/** What a content becomes: for templates that print text, and for templates that print parts. */
const contents: readonly (readonly [string, unknown, { text: unknown; list: unknown }])[] = [
  ["a text", "hi", { text: "hi", list: "hi" }],
  ["an empty text", "", { text: "", list: "" }],
  ["null", null, { text: "", list: "" }],
  ["nothing", undefined, { text: "", list: "" }],
  ["one text part", [a], { text: "a", list: [a] }],
  ["a part without type", [{ text: "a" }], { text: "a", list: [a] }],
  ["a text as part", ["a"], { text: "a", list: [a] }],
  ["a number as part", [42], { text: "42", list: [{ type: "text", text: "42" }] }],
  ["two text parts", [a, b], { text: "a b", list: [a, b] }],
  ["two texts as parts", ["a", "b"], { text: "a b", list: [a, b] }],
  ["text and image", [a, image], { text: "a", list: [a, { type: "image" }] }],
  ["only an image", [image], { text: "", list: [{ type: "image" }] }],
  ["an unknown part", [a, { type: "thinking" }], { text: "a", list: [a] }],
  ["input_text", [{ type: "input_text", text: "a" }], { text: "a", list: [a] }],
  ["no parts", [], { text: "", list: [] }],
  ["a part without text", [{ type: "text" }], { text: "", list: [{ type: "text", text: "" }] }],
  [
    "a part whose text is null",
    [{ type: "text", text: null }],
    { text: "", list: [{ type: "text", text: "" }] },
  ],
  ["a mapping", a, { text: "a", list: [a] }],
  ["a number", 5, { text: "5", list: "5" }],
  ["a boolean", true, { text: "true", list: "true" }],
];

test.each(contents)("content: %s", (_name, content, expected) => {
  const become = (format: ContentFormat) =>
    normaliseMessages([{ role: "user", content }], format).messages[0]?.["content"];
  expect({ text: become("string"), list: become("openai") }).toEqual(expected);
});

test("a tool's text parts are one text for every template", () => {
  const message = { role: "tool", content: [a, b] };
  expect(normaliseMessages([message], "openai").messages).toEqual([{ role: "tool", content: "a b" }]);
});

/** What argument texts become: an object, or the text as it is, which is counted. */
const argumentTexts: readonly (readonly [string, object | null])[] = [
  ['{"b":1,"a":[1]}', { b: 1, a: [1] }],
  ["{}", {}],
  ["{bad", null],
  ["", null],
  ["[1]", null],
  ["5", null],
  ["null", null],
];

test.each(argumentTexts)("arguments: %j", (text, parsed) => {
  const message = {
    role: "assistant",
    content: "",
    tool_calls: [{ id: "1", function: { name: "f", arguments: text } }],
  };
  const { messages, invalidArguments } = normaliseMessages([message], "string");
  const calls = messages.flatMap((one) => one["tool_calls"] as { function: Message }[]);
  expect(calls[0]?.function["arguments"]).toEqual(parsed ?? text);
  expect(invalidArguments).toBe(parsed === null ? 1 : 0);
});

test("key order of arguments stays", () => {
  const calls = [{ function: { name: "f", arguments: '{"b":1,"a":[1]}' } }];
  const { messages } = normaliseMessages([{ role: "assistant", content: "", tool_calls: calls }], "string");
  expect(JSON.stringify(messages)).toContain('{"b":1,"a":[1]}');
});

test("calls in the flat form, of another role, and such as are no calls", () => {
  const flat = { name: "f", arguments: '{"a":1}' };
  const become = (message: Message) => normaliseMessages([message], "string");
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
  });
  const user = { role: "user", content: "", tool_calls: [{ function: flat }] };
  expect(become(user).messages[0]).toBe(user);
});

test("nothing that came in is changed, and what does not change is the same object", () => {
  fc.assert(
    fc.property(
      messageLists,
      fc.constantFrom("string" as const, "openai" as const),
      ({ messages }, format) => {
        const before = structuredClone(messages);
        const once = normaliseMessages(messages, format);
        expect(messages).toEqual(before);
        const plain = messages.filter(
          (message) => typeof message["content"] === "string" && !("tool_calls" in message),
        );
        expect(plain.every((message) => once.messages.includes(message))).toBe(true);
      },
    ),
    { seed: 3, numRuns: 300 },
  );
});
