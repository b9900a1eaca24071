import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

type Piece = readonly [more: object, name: unknown, args?: unknown];
/** One entry of `tool_calls`. */
const entry = ([more, name, args]: Piece) => ({
  ...more,
  function: { ...(name !== undefined && { name }), ...(args !== undefined && { arguments: args }) },
});
/** A stream with one chunk for each list of pieces. */
const calls = (...chunks: readonly (readonly Piece[])[]) =>
  chunks.map((pieces) => chunk({ delta: { tool_calls: pieces.map(entry) } }));
const delta = (part: object) => [chunk({ delta: part })];
const whole = (part: object) => ({ choices: [{ message: part, finish_reason: "stop" }] });

const find = '["a","find",{"n":1}]';
const renew = '["b","renew",{"n":2}]';
const unnamed = (call: string) => call.replace(/^\["."/, '[""');
const [one, two, more] = ['{"n":1}', '{"n":2}', ":1}"];

/** What is sent, and which calls that is: id, name and arguments. */
const forms: readonly (readonly [string, readonly unknown[] | object, readonly string[]])[] = [
  ["id later than name, without index", calls([[{}, "find", ""]], [[{ id: "a" }, undefined, one]]), [find]],
  [
    "id in the second piece, with index",
    calls([[{ index: 0 }, "find", '{"n"']], [[{ index: 0, id: "a" }, undefined, more]]),
    [find],
  ],
  ["name later than id", calls([[{ id: "a" }, undefined]], [[{ id: "a" }, "find", one]]), [find]],
  [
    "arguments before the name",
    calls([[{ index: 0, id: "a" }, undefined, one]], [[{ index: 0 }, "find"]]),
    [find],
  ],
  [
    "index as a text",
    calls(
      [
        [{ index: "0", id: "a" }, "find", '{"n"'],
        [{ index: "1", id: "b" }, "renew", two],
      ],
      [[{ index: "0" }, undefined, more]],
    ),
    [find, renew],
  ],
  [
    "index null",
    calls([[{ index: null, id: "a" }, "find", '{"n"']], [[{ index: null, id: null }, null, more]]),
    [find],
  ],
  ["index -1", calls([[{ index: -1, id: "a" }, "find", '{"n"']], [[{ index: -1 }, undefined, more]]), [find]],
  [
    "index that grows with each piece",
    calls(
      [[{ index: 0, id: "a" }, "find", '{"n"']],
      [[{ index: 1 }, undefined, ":"]],
      [[{ index: 2 }, undefined, "1}"]],
    ),
    [find],
  ],
  [
    "index that begins at 1",
    calls([[{ index: 1, id: "a" }, "find", one]], [[{ index: 2, id: "b" }, "renew", two]]),
    [find, renew],
  ],
  [
    "index of the id's piece and of the arguments differ",
    calls([[{ index: 2, id: "a" }, "find"]], [[{ index: 1 }, undefined, one]]),
    [find],
  ],
  [
    "one index in one chunk for two ids",
    calls([
      [{ index: 0, id: "a" }, "find", one],
      [{ index: 0, id: "b" }, "renew", two],
    ]),
    [find, renew],
  ],
  ["id as a number", calls([[{ index: 0, id: 7 }, "find", one]]), [find.replace("a", "7")]],
  [
    "id empty",
    calls([[{ index: 0, id: "" }, "find", '{"n"']], [[{ index: 0, id: "" }, "", more]]),
    [unnamed(find)],
  ],
  [
    "another id in each piece, without a name",
    calls([[{ index: 0, id: "a" }, "find", '{"n"']], [[{ index: 0, id: "x" }, undefined, more]]),
    [find],
  ],
  [
    "one id for two calls, both whole",
    calls([[{ id: "a" }, "find", one]], [[{ id: "a" }, "renew", two]]),
    [find, renew.replace("b", "a")],
  ],
  [
    "a whole call sent again at the end",
    calls([[{ index: 0, id: "a" }, "find", one]], [[{ index: 0, id: "a" }, "find", one]]),
    [find],
  ],
  [
    "all arguments so far in each piece",
    calls([[{ index: 0, id: "a" }, "find", '{"n"']], [[{ index: 0, id: "a" }, "find", one]]),
    [find],
  ],
  [
    "the same in many pieces, without ids and names behind the first",
    calls(
      [[{ index: 0, id: "a" }, "find", ""]],
      ...["{", '{"n', '{"n":1', one, one].map((text) => [[{ index: 0 }, undefined, text] as const]),
    ),
    [find],
  ],
  [
    "the same for two calls",
    calls(
      [[{ index: 0, id: "a" }, "find", '{"n"']],
      [[{ index: 0 }, undefined, one]],
      [[{ index: 1, id: "b" }, "renew", "{"]],
      [[{ index: 1 }, undefined, two]],
    ),
    [find, renew],
  ],
  [
    "an object in the arguments that begins as they do",
    calls(...['{"n":', '{"n":1}', "}"].map((text) => [[{ index: 0, id: "a" }, "find", text] as const])),
    ['["a","find",{"n":{"n":1}}]'],
  ],
  [
    "interleaved by id",
    calls(
      [[{ id: "a" }, "find", '{"n"']],
      [[{ id: "b" }, "renew", '{"n"']],
      [[{ id: "a" }, undefined, more]],
      [[{ id: "b" }, undefined, ":2}"]],
    ),
    [find, renew],
  ],
  [
    "interleaved by index",
    calls(
      [[{ index: 0, id: "a" }, "find", '{"n"']],
      [[{ index: 1, id: "b" }, "renew", '{"n"']],
      [[{ index: 0 }, undefined, more]],
      [[{ index: 1 }, undefined, ":2}"]],
    ),
    [find, renew],
  ],
  [
    "interleaved by position",
    calls(
      [
        [{ id: "a" }, "find", '{"n"'],
        [{ id: "b" }, "renew", '{"n"'],
      ],
      [
        [{}, undefined, more],
        [{}, undefined, ":2}"],
      ],
    ),
    [find, renew],
  ],
  [
    "both calls in one chunk without anything but names",
    calls([
      [{}, "find", one],
      [{}, "renew", two],
    ]),
    [unnamed(find), unnamed(renew)],
  ],
  [
    "a name that comes in three pieces",
    calls([[{ index: 0, id: "a" }, "f"]], [[{ index: 0 }, "in"]], [[{ index: 0 }, "d", one]]),
    [find],
  ],
  [
    "{} first, then the arguments",
    calls([[{ index: 0, id: "a" }, "find", "{}"]], [[{ index: 0 }, undefined, one]]),
    [find],
  ],
  ["{} and nothing more", calls([[{ index: 0, id: "a" }, "find", "{}"]]), ['["a","find",{}]']],
  [
    "arguments as an object in each piece",
    calls([[{ index: 0, id: "a" }, "find", {}]], [[{ index: 0, id: "a" }, "find", { n: 1 }]]),
    [find],
  ],
  ["arguments as a list", calls([[{ id: "a" }, "find", [1]]]), ['["a","find",[1]]']],
  ["arguments left out", calls([[{ index: 0, id: "a" }, "find"]]), ['["a","find",""]']],
  [
    "an empty entry behind the call",
    [
      ...calls([[{ index: 0, id: "a" }, "find", one]]),
      ...delta({ tool_calls: [{}, null, { index: 0, function: null }] }),
    ],
    [find],
  ],
  ["one call that is no list", delta({ tool_calls: entry([{ index: 0, id: "a" }, "find", one]) }), [find]],
  [
    "name and arguments beside the id",
    delta({ tool_calls: [{ id: "a", name: "find", arguments: one }] }),
    [find],
  ],
  [
    "a custom tool",
    delta({ tool_calls: [{ index: 0, id: "a", type: "custom", custom: { name: "find", input: one } }] }),
    [find],
  ],
  [
    "parameters in place of arguments",
    delta({ tool_calls: [{ id: "a", function: { name: "find", parameters: { n: 1 } } }] }),
    [find],
  ],
  [
    "function_call in pieces",
    [
      ...delta({ function_call: { name: "find" } }),
      ...delta({ function_call: { arguments: '{"n"' } }),
      ...delta({ function_call: { name: null, arguments: more } }),
    ],
    [unnamed(find)],
  ],
  ["function_call that is empty", delta({ content: "a", function_call: { name: "", arguments: "" } }), []],
  [
    "function_call beside tool_calls",
    delta({
      tool_calls: [entry([{ id: "a" }, "find", one])],
      function_call: { name: "find", arguments: one },
    }),
    [find],
  ],
  [
    "tool_calls null, an empty list, an empty object",
    [...delta({ tool_calls: null }), ...delta({ tool_calls: [] }), ...delta({ tool_calls: {} })],
    [],
  ],
  [
    "a choice that is no list",
    [{ choices: { index: 0, delta: { tool_calls: [entry([{ id: "a" }, "find", one])] } } }],
    [find],
  ],
  [
    "message in place of delta",
    [chunk({ message: { tool_calls: [entry([{ id: "a" }, "find", one])] } })],
    [find],
  ],
  ["an empty delta beside the message", whole({}), []],
  [
    "in one piece: one index for all",
    whole({
      tool_calls: [entry([{ index: 0, id: "a" }, "find", one]), entry([{ index: 0, id: "b" }, "renew", two])],
    }),
    [find, renew],
  ],
  [
    "in one piece: function_call",
    whole({ content: null, function_call: { name: "find", arguments: one } }),
    [unnamed(find)],
  ],
  [
    "Ollama: arguments as an object, no ids",
    {
      message: {
        role: "assistant",
        content: "",
        tool_calls: [{ function: { name: "find", arguments: { n: 1 } } }],
      },
      done: true,
      done_reason: "stop",
    },
    [unnamed(find)],
  ],
];

test.each(forms)("%s", (_name, body, expected) => {
  const answer = readAnswer(Array.isArray(body) ? stream(...body) : JSON.stringify(body));
  const made = answer.calls.map(({ id, name, argumentsText }) =>
    JSON.stringify([id, name, argumentsText === "" ? "" : JSON.parse(argumentsText)]),
  );
  expect(made).toEqual(expected);
  expect(answer.unreadable).toEqual({ count: 0, first: null });
});

test.each([
  ["an id that is an object", { id: { v: "a" }, function: { name: "find", arguments: one } }],
  ["a name that is an object", { id: "a", function: { name: { v: "find" }, arguments: one } }],
  ["a name that is a list", { id: "a", function: { name: ["find"], arguments: one } }],
  ["arguments that are a number", { id: "a", function: { name: "find", arguments: 5 } }],
  ["arguments that are true", { id: "a", function: { name: "find", arguments: true } }],
  ["a function that is a text", { id: "a", function: "find" }],
  ["an entry that is a text", "find"],
  ["an entry that is a list", [["find", one]]],
])("%s is no call, and is said", (_name, odd) => {
  const answer = readAnswer(stream(...delta({ tool_calls: [odd] })));
  expect(answer).toMatchObject({
    calls: [],
    unreadable: { count: 1, first: `tool_calls is ${JSON.stringify([odd])}` },
  });
});
