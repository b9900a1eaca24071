import * as fc from "fast-check";
import { expect, test } from "vitest";
import { outputParser, type ParserChoice } from "../../../bench/gateway/parsing/parsers.ts";

const tools = [
  {
    type: "function",
    function: {
      name: "book",
      parameters: {
        type: "object",
        properties: {
          city: { type: "string" },
          seats: { type: "integer" },
          price: { type: "number" },
          now: { type: "boolean" },
          extras: { type: "object" },
          days: { type: "array" },
        },
      },
    },
  },
];

interface Read {
  readonly reasoning: string;
  readonly content: string;
  readonly calls: readonly (readonly [string, string])[];
}

/** What comes out when the text comes in these pieces. */
function read(pieces: readonly string[], choice: ParserChoice, opened = false): Read {
  const parser = outputParser(choice, { tools, reasoningOpened: opened, engine: null });
  let [reasoning, content] = ["", ""];
  const calls: [string, string][] = [];
  for (const piece of [...pieces.flatMap((text) => parser.feed(text)), ...parser.end()]) {
    if (piece.kind === "reasoning") reasoning += piece.text;
    else if (piece.kind === "content") content += piece.text;
    else if (piece.kind === "call") calls[piece.index] = [piece.name, ""];
    else {
      const call = calls[piece.index];
      if (call === undefined) throw new Error("arguments before their call");
      call[1] += piece.text;
    }
  }
  return { reasoning, content, calls };
}

const qwen25 = { toolCalls: "qwen25", reasoning: "none" } as const;
const coder = { toolCalls: "qwen3_coder", reasoning: "none" } as const;
const qwen3 = { toolCalls: "qwen25", reasoning: "qwen3" } as const;
const hermes = (json: string) => `<tool_call>\n${json}\n</tool_call>`;
const xml = (inside: string) => `<tool_call>\n<function=book>\n${inside}</function>\n</tool_call>`;
const parameter = (name: string, value: string) => `<parameter=${name}>\n${value}\n</parameter>\n`;

type Case = readonly [name: string, text: string, read: Partial<Read>];

const hermesCases: readonly Case[] = [
  ["text", "Hello.\n", { content: "Hello.\n" }],
  ["a call", hermes('{"name": "f", "arguments": {"a": 1}}'), { calls: [["f", '{"a": 1}']] }],
  [
    "text and a call",
    `Wait. \n${hermes('{"name": "f", "arguments": {}}')}\n`,
    { content: "Wait.", calls: [["f", "{}"]] },
  ],
  [
    "two calls",
    `${hermes('{"name": "f", "arguments": {"a": "}"}}')}\n${hermes('{"name":"g","arguments":{"b":[{}]}}')}`,
    {
      calls: [
        ["f", '{"a": "}"}'],
        ["g", '{"b":[{}]}'],
      ],
    },
  ],
  [
    "text behind a call",
    `${hermes('{"name": "f", "arguments": {}}')}\n\nDone.`,
    { content: "\n\nDone.", calls: [["f", "{}"]] },
  ],
  ["arguments first", hermes('{"arguments": {"a": 1}, "name": "f"}'), { calls: [["f", '{"a": 1}']] }],
  [
    "parameters for arguments",
    hermes('{"name": "f", "parameters": {"a": 1}}'),
    { calls: [["f", '{"a": 1}']] },
  ],
  ["no arguments", hermes('{"name": "f"}'), { calls: [["f", "{}"]] }],
  [
    "a tag in a text",
    hermes('{"name": "f", "arguments": {"a": "</tool_call> \\" <tool_call>"}}'),
    { calls: [["f", '{"a": "</tool_call> \\" <tool_call>"}']] },
  ],
  ["a brace too few", hermes('{"name": "f", "arguments": {"a": 1}'), { calls: [["f", '{"a": 1}']] }],
  ["two braces too few", hermes('{"name": "f", "arguments": {"a": 1'), { calls: [["f", '{"a": 1']] }],
  ["a brace too many", hermes('{"name": "f", "arguments": {"a": 1}}}'), { calls: [["f", '{"a": 1}']] }],
  ["no JSON", hermes("hello"), { content: hermes("hello") }],
  ["an escaped name", hermes('{"name": "f\\u00e9", "arguments": {}}'), { calls: [["fé", "{}"]] }],
  ["cut in the name", '<tool_call>\n{"name": "f', { content: '<tool_call>\n{"name": "f' }],
  [
    "cut in the arguments",
    'a<tool_call>{"name": "f", "arguments": {"a": "b',
    { content: "a", calls: [["f", '{"a": "b']] },
  ],
  ["a tag that is none", "a < b <tool_ <tool_cal", { content: "a < b <tool_ <tool_cal" }],
];

const coderCases: readonly Case[] = [
  ["text", "Hello.\n", { content: "Hello.\n" }],
  [
    "a call with all types",
    xml(
      parameter("city", "New\nYork") +
        parameter("seats", "2") +
        parameter("price", "1.50") +
        parameter("now", "True") +
        parameter("extras", '{"a": [1]}') +
        parameter("days", "[1]"),
    ),
    {
      calls: [
        [
          "book",
          '{"city": "New\\nYork", "seats": 2, "price": 1.50, "now": true, "extras": {"a": [1]}, "days": [1]}',
        ],
      ],
    },
  ],
  ["a text for a number", xml(parameter("seats", "two")), { calls: [["book", '{"seats": "two"}']] }],
  ["null", xml(parameter("seats", "null")), { calls: [["book", '{"seats": null}']] }],
  ["an unknown argument", xml(parameter("x", "1")), { calls: [["book", '{"x": "1"}']] }],
  ["no arguments", xml(""), { calls: [["book", "{}"]] }],
  ["text and a call", `Wait.\n${xml("")}`, { content: "Wait.", calls: [["book", "{}"]] }],
  [
    "no outer tag",
    "<function=book>\n<parameter=city>\nRome\n</parameter>\n</function>",
    { calls: [["book", '{"city": "Rome"}']] },
  ],
  ["an argument without its end", xml("<parameter=city>\nRome\n"), { calls: [["book", '{"city": "Rome"}']] }],
  [
    "two calls",
    `${xml(parameter("city", "a < b"))}\n${xml("")}`,
    {
      calls: [
        ["book", '{"city": "a < b"}'],
        ["book", "{}"],
      ],
    },
  ],
  ["no function", "<tool_call>hello</tool_call>", { content: "<tool_call>hello</tool_call>" }],
  ["cut in the name", "<tool_call>\n<function=bo", { content: "<tool_call>\n<function=bo" }],
  ["cut in an argument", xml(parameter("city", "x")).slice(0, -40), { calls: [["book", ""]] }],
];

const thinkingCases: readonly Case[] = [
  ["no reasoning", "Hello.", { content: "Hello." }],
  ["reasoning and an answer", "<think>\nHm.\n</think>\n\nYes.", { reasoning: "Hm.", content: "Yes." }],
  ["empty reasoning", "<think>\n\n</think>\n\nYes.", { content: "Yes." }],
  [
    "reasoning and a call",
    `<think>\na <tool_call> b\n</think>\n\n${hermes('{"name": "f", "arguments": {}}')}`,
    { reasoning: "a <tool_call> b", calls: [["f", "{}"]] },
  ],
  ["reasoning that is cut", "<think>Hm </thi", { reasoning: "Hm </thi" }],
  ["a later tag is content", "Yes <think>no</think>", { content: "Yes <think>no</think>" }],
];

const caseOf =
  (choice: ParserChoice) =>
  ([name, text, expected]: Case) => ({ choice, name, text, expected });
const all = [
  ...hermesCases.map(caseOf(qwen25)),
  ...coderCases.map(caseOf(coder)),
  ...thinkingCases.map(caseOf(qwen3)),
];
const nothing: Read = { reasoning: "", content: "", calls: [] };

test.each(all)("$choice.toolCalls, reasoning $choice.reasoning: $name", ({ choice, text, expected }) => {
  expect(read([text], choice)).toEqual({ ...nothing, ...expected });
  expect(read(text.split(""), choice)).toEqual({ ...nothing, ...expected });
});

test("a prompt that opens the reasoning itself", () => {
  expect(read(["Hm.\n</think>\n\nYes."], qwen3, true)).toEqual({
    ...nothing,
    reasoning: "Hm.",
    content: "Yes.",
  });
});

const bits = [
  "<tool_call>",
  "</tool_call>",
  "<function=book>",
  "</function>",
  "<parameter=city>",
  "</parameter>",
  "<think>",
  "</think>",
  '{"name": "f", "arguments": ',
  '{"a": "b"}',
  "{",
  "}",
  '"',
  "\\",
  "\n",
  " ",
  "<",
  ">",
  ",",
  "text",
  "[1, 2]",
];
const output = fc
  .array(fc.constantFrom(...bits, ...all.map(({ text }) => text)), { maxLength: 14 })
  .map((some) => some.join(""));
const cutAt = (text: string, cuts: readonly number[]) => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((place, at) => text.slice(places[at], place));
};

test("however a text is cut, the same comes out", () => {
  fc.assert(
    fc.property(
      output,
      fc.array(fc.nat(400), { maxLength: 20 }),
      fc.constantFrom<ParserChoice>(qwen25, coder, qwen3, { toolCalls: "qwen3_coder", reasoning: "qwen3" }),
      (text, cuts, choice) => {
        const opened = cuts.length % 2 === 1;
        const whole = read([text], choice, opened);
        expect(read(cutAt(text, cuts), choice, opened)).toEqual(whole);
        expect(read(text.split(""), choice, opened)).toEqual(whole);
      },
    ),
    { seed: 4, numRuns: 5_000 },
  );
});
