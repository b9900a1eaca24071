import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

type Entry = Readonly<Record<string, unknown>>;
const entry = (more: Entry, name: unknown, args: unknown) => ({
  ...more,
  function: { name, arguments: args },
});
const read = (entries: readonly Entry[], reason = "tool_calls") =>
  readAnswer(
    stream(
      ...entries.map((one) => chunk({ delta: { tool_calls: [one] } })),
      chunk({ delta: {}, finish_reason: reason }),
      "[DONE]",
    ),
  );

const args = '{"loan_id": "L301"}';
const first = { index: 0, id: "a" };
const [soFar, all] = ['{"loan_id":', args];

/** One call of `renew` in several entries. */
const once: readonly (readonly [string, readonly Entry[]])[] = [
  ["all so far, in two", [entry(first, "renew", soFar), entry(first, "renew", all)]],
  ["all so far, without id and name", [entry(first, "renew", soFar), entry({ index: 0 }, undefined, all)]],
  ["all so far, without an index", [entry({ id: "a" }, "renew", soFar), entry({ id: "a" }, "renew", all)]],
  [
    "all so far, in each character",
    Array.from(args, (_, end) => entry(first, "renew", args.slice(0, end + 1))),
  ],
  ["all so far, behind an empty one", ["", "{", soFar, all].map((text) => entry(first, "renew", text))],
  ["all so far, and the last twice", [soFar, all, all].map((text) => entry(first, "renew", text))],
  ["all so far, and a line end", [soFar, all, "\n"].map((text) => entry(first, "renew", text))],
  [
    "pieces, and all of it at the end",
    [entry(first, "renew", soFar), entry({ index: 0 }, undefined, ' "L301"}'), entry(first, "renew", all)],
  ],
  [
    "pieces, and all of it at the end without the id",
    [
      entry(first, "renew", soFar),
      entry({ index: 0 }, undefined, ' "L301"}'),
      entry({ index: 0 }, "renew", all),
    ],
  ],
  [
    "pieces, and the arguments at the end",
    [
      entry(first, "renew", soFar),
      entry({ index: 0 }, undefined, ' "L301"}'),
      entry({ index: 0 }, undefined, all),
    ],
  ],
  [
    "pieces, and all of it as an object",
    [
      entry(first, "renew", soFar),
      entry({ index: 0 }, undefined, ' "L301"}'),
      entry(first, "renew", { loan_id: "L301" }),
    ],
  ],
  [
    "pieces, and all of it written otherwise",
    [
      entry(first, "renew", soFar),
      entry({}, undefined, ' "L301"}'),
      entry(first, "renew", '{"loan_id":"L301"}'),
    ],
  ],
  ["half, and all of it", [entry(first, "renew", '{"loan_id": "L3'), entry(first, "renew", all)]],
  ["whole twice", [entry(first, "renew", all), entry(first, "renew", all)]],
  ["whole three times", Array.from({ length: 3 }, () => entry(first, "renew", all))],
  ["whole twice without an index", [entry({ id: "a" }, "renew", all), entry({ id: "a" }, "renew", all)]],
  [
    "whole twice at two places",
    [entry({ index: 0, id: "a" }, "renew", all), entry({ index: 1, id: "a" }, "renew", all)],
  ],
  [
    "whole twice, written otherwise",
    [entry({ id: "a" }, "renew", all), entry({ id: "a" }, "renew", '{"loan_id":"L301"}')],
  ],
  ["an object, and its text", [entry(first, "renew", { loan_id: "L301" }), entry(first, "renew", all)]],
];

test.each(once)("arguments sent as %s are there once", (_name, entries) => {
  const { calls, unreadable } = read(entries);
  expect(calls).toMatchObject([{ id: "a", name: "renew" }]);
  expect(JSON.parse(calls[0]?.argumentsText ?? "")).toEqual({ loan_id: "L301" });
  expect(unreadable).toEqual({ count: 0, first: null });
});

test("a call that the message of the last event or a second entry of one list says again is one", () => {
  const call = entry({ id: "a" }, "renew", all);
  const whole = readAnswer(
    JSON.stringify({ choices: [{ message: { tool_calls: [call, call] }, finish_reason: "tool_calls" }] }),
  );
  const last = readAnswer(
    stream(
      chunk({ delta: { tool_calls: [entry(first, "renew", all)] } }),
      chunk({ message: { tool_calls: [call] }, finish_reason: "tool_calls" }),
    ),
  );
  for (const { calls } of [whole, last])
    expect(calls).toEqual([{ id: "a", name: "renew", argumentsText: all }]);
});

test("there is one function_call: said again it is the same", () => {
  const parts = [
    { name: "renew", arguments: soFar },
    { arguments: ' "L301"}' },
    { name: "renew", arguments: all },
  ];
  const { calls } = readAnswer(stream(...parts.map((part) => chunk({ delta: { function_call: part } }))));
  expect(calls).toEqual([{ id: "", name: "renew", argumentsText: all }]);
});

test.each([
  ["two that differ", [entry(first, "renew", all), entry({ index: 0 }, undefined, '{"loan_id": "L9"}')]],
  [
    "another behind pieces",
    [soFar, ' "L301"}', '{"loan_id": "L9"}'].map((text) => entry(first, undefined, text)),
  ],
  [
    "all so far, which is no JSON in the end",
    ['{"loan_id":', '{"loan_id": L301}'].map((text) => entry(first, "renew", text)),
  ],
  ["{} behind the arguments", [entry(first, "renew", all), entry({ index: 0 }, undefined, "{}")]],
])("arguments sent as %s cannot be read, and are shown", (_name, entries) => {
  const { unreadable } = read(entries);
  expect(unreadable.count).toBe(1);
  expect(unreadable.first).toMatch(/^arguments of .* came again and were not the same: \{"loan_id/);
});

test.each([
  ["a brace too many", ['{"n":1}', "}"]],
  ["two braces, as the model wrote them", ["{", "{", '"n":1}']],
  ["an object left open", ['{"n":', "{", '"n":1}']],
  ["two objects in small pieces", ['{"n"', ":1}", "{", '"n":2}']],
  ["no JSON", ['{"n":', " L301}"]],
])("what the model wrote stays as it is: %s", (_name, pieces) => {
  const { calls, unreadable } = read(pieces.map((text) => entry(first, "renew", text)));
  expect(calls).toEqual([{ id: "a", name: "renew", argumentsText: pieces.join("") }]);
  expect(unreadable.count).toBe(0);
});

test("two calls of one id whose arguments are no JSON and differ are two", () => {
  const entries = ["{x", "{y"].map((text, index) => entry({ index, id: "a" }, "f", text));
  expect(read(entries).calls).toHaveLength(2);
});

test("arguments that ended at the limit of tokens may be nested and are no repetition", () => {
  const pieces = ['{"a":', '{"a":1}'];
  for (const reason of ["length", "max_tokens", "MAX_TOKENS"])
    expect(
      read(
        pieces.map((text) => entry(first, "f", text)),
        reason,
      ),
    ).toMatchObject({
      calls: [{ argumentsText: '{"a":{"a":1}' }],
      unreadable: { count: 0 },
    });
});

/** Objects that hold themselves, cut into few different pieces, so that many pieces are equal or begin alike. */
const nested = fc
  .letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(1, "{", '{"a":', "a", null),
      fc.record({ a: tie("node") }),
      fc.dictionary(fc.constantFrom("a", "{"), tie("node")),
      fc.array(tie("node"), { maxLength: 2 }),
    ),
  }))
  .node.map((a) => JSON.stringify({ a }));
const oftenCut = /(?<=[{[:,])|(?=[}\]])/;
const pieces = fc
  .tuple(nested, fc.array(fc.nat(), { maxLength: 4 }), fc.boolean())
  .map(([text, at, byToken]) => {
    if (byToken) return text.split(oftenCut);
    const ends = [0, ...at.map((end) => end % (text.length + 1)).toSorted((a, b) => a - b), text.length];
    return ends.slice(1).map((end, index) => text.slice(ends[index], end));
  });
/** They say whose piece it is, so that a whole call behind a whole call is told from a new one. */
const named: readonly ((text: string, at: number) => Entry)[] = [
  (text, at) => (at === 0 ? entry(first, "f", text) : entry({ index: 0 }, undefined, text)),
  (text) => entry(first, "f", text),
  (text) => entry({ id: "a" }, "f", text),
  (text, at) => (at === 0 ? entry({ id: "a" }, "f", text) : entry({}, undefined, text)),
];

const styles = [
  ...named,
  (text: string) => entry({ index: 0 }, "f", text),
  (text: string, at: number) =>
    at === 0 ? entry(first, "f", text) : entry({ index: 0, id: `x${at}` }, undefined, text),
];

test("pieces that are equal or begin alike are no repetition where together they are JSON", () => {
  fc.assert(
    fc.property(pieces, fc.constantFrom(...styles), (texts, style) => {
      const { calls, unreadable } = read(texts.map(style));
      expect(calls).toMatchObject([{ name: "f", argumentsText: texts.join("") }]);
      expect(unreadable.count).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});

test("all so far in each piece, or all of it once more at the end, is what was written", () => {
  fc.assert(
    fc.property(pieces, fc.constantFrom(...named), fc.boolean(), (texts, style, everyTime) => {
      const text = texts.join("");
      const sent = everyTime ? texts.map((_, at) => texts.slice(0, at + 1).join("")) : [...texts, text];
      const { calls, unreadable } = read(sent.map(style));
      expect(calls).toEqual([{ id: "a", name: "f", argumentsText: text }]);
      expect(unreadable.count).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
