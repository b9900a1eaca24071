import { expect, test } from "vitest";
import { callIsLost } from "../../bench/answer/complete.ts";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const nameless = (more: object, args: unknown = "") => ({ ...more, function: { name: "", arguments: args } });
const find = { index: 0, id: "a", function: { name: "find", arguments: '{"n":1}' } };

/** What comes in place of a call. */
const lost: readonly (readonly [string, object])[] = [
  ["nothing", {}],
  ["a text", { content: "Let me see." }],
  ["null", { tool_calls: null }],
  ["an empty list", { tool_calls: [] }],
  ["an empty object", { tool_calls: {} }],
  ["a list of an empty entry", { tool_calls: [{}] }],
  ["a list of null", { tool_calls: [null] }],
  ["an entry without a function", { tool_calls: [{ index: 0, id: "a", type: "function" }] }],
  ["a function that is null", { tool_calls: [{ index: 0, id: "a", function: null }] }],
  ["an empty function", { tool_calls: [{ index: 0, id: "a", function: {} }] }],
  ["an empty name", { tool_calls: [nameless({ index: 0, id: "a" })] }],
  ["a name of spaces", { tool_calls: [{ index: 0, id: "a", function: { name: " ", arguments: "{}" } }] }],
  ["an empty name and {}", { tool_calls: [nameless({ index: 0, id: "a" }, "{}")] }],
  ["an empty name and an object", { tool_calls: [nameless({ index: 0, id: "a" }, {})] }],
  ["an empty name and null", { tool_calls: [nameless({ id: "a" }, "null")] }],
  ["an empty name and arguments", { tool_calls: [nameless({ index: 0, id: "a" }, '{"n":1}')] }],
  ["arguments without a name", { tool_calls: [{ index: 0, id: "a", function: { arguments: '{"n":1}' } }] }],
  [
    "several without a name",
    { tool_calls: [nameless({ index: 0, id: "a" }), nameless({ index: 1, id: "b" }, '{"n":1}')] },
  ],
  ["a flat entry without a name", { tool_calls: [{ id: "a", arguments: '{"n":1}' }] }],
  ["function_call without a name", { function_call: { name: "", arguments: '{"n":1}' } }],
  ["an empty function_call", { function_call: {} }],
];

test.each(lost)("an answer that ended to call a tool and has %s lost its call", (_name, said) => {
  for (const reason of ["tool_calls", "function_call", "tool_use", "TOOL_CALLS", "tool-calls", "tool_call"]) {
    const streamed = readAnswer(stream(chunk({ delta: said }), chunk({ delta: {}, finish_reason: reason })));
    const whole = readAnswer(JSON.stringify({ choices: [{ message: said, finish_reason: reason }] }));
    for (const answer of [streamed, whole]) {
      expect(answer).toMatchObject({ incomplete: null, unreadable: { count: 0 } });
      expect(callIsLost(answer)).toBe(true);
    }
  }
});

test("a call with arguments and without a name is lost whatever the finish reason and whatever is beside it", () => {
  const odd = nameless({ index: 1, id: "b" }, '{"n":2}');
  for (const entries of [[odd], [find, odd], [odd, find]])
    for (const reason of ["stop", "tool_calls"]) {
      const body = stream(chunk({ delta: { tool_calls: entries } }), chunk({ finish_reason: reason }));
      expect(callIsLost(readAnswer(body))).toBe(true);
    }
});

test.each([
  ["an empty entry", {}],
  ["null", null],
  ["an id alone", { index: 1, id: "b" }],
  ["an id and an empty name", nameless({ index: 1, id: "b" })],
  ["an empty name and {}", nameless({ index: 1, id: "b" }, "{}")],
  ["an empty name and an object", nameless({ index: 1, id: "b" }, {})],
  ["an empty name and a line end", nameless({ index: 1, id: "b" }, "\n")],
])("%s beside a call is nothing", (_name, odd) => {
  for (const entries of [
    [find, odd],
    [odd, find],
  ])
    for (const chunks of [[entries], entries.map((entry) => [entry])]) {
      const events = chunks.map((list) => chunk({ delta: { tool_calls: list } }));
      const answer = readAnswer(stream(...events, chunk({ delta: {}, finish_reason: "tool_calls" })));
      expect(answer.calls).toEqual([{ id: "a", name: "find", argumentsText: '{"n":1}' }]);
      expect(callIsLost(answer)).toBe(false);
      expect(answer.unreadable.count).toBe(0);
    }
});

test("an answer that did not end to call a tool needs none", () => {
  const answer = readAnswer(
    stream(chunk({ delta: { content: "a", tool_calls: [] }, finish_reason: "stop" })),
  );
  expect(callIsLost(answer)).toBe(false);
});
