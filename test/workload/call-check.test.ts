import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TranscriptMessage, TranscriptToolCall } from "../../bench/transcript/transcript.ts";
import { callDifference, type ExecutedCall } from "../../bench/workload/call-check.ts";

type AnsweredBy = "tool-server" | "agent" | null;
type Call = TranscriptToolCall & { readonly by: AnsweredBy };

const call = (name: string, text = "{}"): Call => {
  return { id: "c1", name, arguments: text, by: "tool-server" };
};

/** One answer of the model with its calls, and what was answered to them. */
function answer(calls: readonly Call[], requestId: string | null = "r"): TranscriptMessage[] {
  const toolCalls = calls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text }));
  const results = calls.flatMap(({ id, by }) =>
    by === null
      ? []
      : [
          {
            role: "tool",
            toolCallId: id,
            content: "",
            error: false,
            requestor: "assistant",
            answeredBy: by,
          } as const,
        ],
  );
  return [{ role: "assistant", content: null, toolCalls, requestId, usage: null }, ...results];
}
const text: TranscriptMessage = {
  role: "assistant",
  content: "Done.",
  toolCalls: null,
  requestId: "r",
  usage: null,
};
const log = (...calls: readonly (readonly [string, string?])[]): ExecutedCall[] =>
  calls.map(([name, argumentsText = "{}"]) => ({ name, argumentsText }));

const [a, b] = [call("a"), { ...call("b"), id: "c2" }];
const notRun = (it: Call): Call => ({ ...it, by: null });
const own = (it: Call): Call => ({ ...it, by: "agent" });
const userCall: TranscriptMessage[] = [
  {
    role: "user",
    content: null,
    toolCalls: [{ id: "u1", name: "toggle", arguments: "{}" }],
    requestId: "u",
    usage: null,
  },
  { role: "tool", toolCallId: "u1", content: "", error: false, requestor: "user", answeredBy: "tool-server" },
];

test.each<[string, TranscriptMessage[], ExecutedCall[]]>([
  ["nothing is called", [text], []],
  ["the same call", [...answer([a]), text], log(["a"])],
  ["two in one answer", [...answer([a, b]), text], log(["a"], ["b"])],
  ["two in two answers", [...answer([a]), ...answer([b]), text], log(["a"], ["b"])],
  ["one id for two calls of one answer", [...answer([a, call("b")]), text], log(["a"], ["b"])],
  ["one id in every answer", [...answer([a]), ...answer([call("b")]), text], log(["a"], ["b"])],
  [
    "arguments written otherwise",
    [...answer([call("a", '{"x": 2.0, "y": 1}')])],
    log(["a", '{"y":1,"x":2}']),
  ],
  ["no arguments at all", answer([call("a", "")]), log(["a", "{}"])],
  ["a call that the agent program answered", [...answer([own(a), b]), text], log(["b"])],
  ["the agent program answered the last one", [...answer([a]), ...answer([own(b)]), text], log(["a"])],
  ["the turn ended before the call", answer([notRun(a)]), []],
  ["the turn ended between two calls", answer([a, notRun(b)]), log(["a"])],
  ["the turn ended while the call ran", answer([notRun(a)]), log(["a"])],
  ["a limit refused the second of two", [...answer([a]), ...answer([b, notRun(a)])], log(["a"], ["b"])],
  ["what the task began with", [...answer([a], null), ...answer([b]), text], log(["b"])],
  ["the user's own calls", [...userCall, ...answer([a]), ...userCall, text], log(["a"])],
])("%s: the same", (_, messages, executed) => {
  expect(callDifference(messages, executed)).toBeNull();
});

test.each<[string, TranscriptMessage[], ExecutedCall[], string]>([
  [
    "another name",
    [...answer([a]), text],
    log(["b"]),
    "call 1 is a({}) in the transcript, and the tool server executed b({})",
  ],
  [
    "another argument",
    [...answer([call("a", '{"x":1}')]), text],
    log(["a", '{"x":2}']),
    'call 1 is a({"x":1}) in the transcript, and the tool server executed a({"x":2})',
  ],
  ["another type of argument", answer([call("a", '{"x":1}')]), log(["a", '{"x":"1"}']), 'a({"x":"1"})'],
  ["one argument less", answer([call("a", '{"x":1,"y":2}')]), log(["a", '{"x":1}']), "call 1"],
  [
    "a long integer that a parser has rounded",
    answer([call("a", '{"x":12345678901234567890}')]),
    log(["a", '{"x":12345678901234567000}']),
    "call 1",
  ],
  [
    "a call too many in the transcript",
    [...answer([a, b]), text],
    log(["a"]),
    "call 2 is b({}) in the transcript, and the tool server executed no further call",
  ],
  [
    "a call too many in the log",
    [...answer([a]), text],
    log(["a"], ["b"]),
    "the tool server executed b({}) as call 2 of 2, which is not in the transcript",
  ],
  ["a transcript without calls", [text], log(["a"]), "executed a({}) as call 1 of 1"],
  ["a call executed twice", [...answer([a]), text], log(["a"], ["a"]), "as call 2 of 2"],
  ["another order of answers", [...answer([a]), ...answer([b]), text], log(["b"], ["a"]), "call 1 is a({})"],
  ["another order in one answer", [...answer([a, b]), text], log(["b"], ["a"]), "call 1 is a({})"],
  [
    "two calls taken for one",
    [...answer([notRun(call("ab", '{"x":1}{"y":2}'))]), text],
    log(["a", '{"x":1}'], ["b", '{"y":2}']),
    "call 1 is ab(",
  ],
  ["one call taken for two", [...answer([a, b]), text], log(["ab"]), "executed ab({})"],
  [
    "a call that nobody answered, and the agent went on",
    [...answer([notRun(a)]), text],
    [],
    "executed no further call",
  ],
  [
    "the agent said that it answered by itself, and the tool server has it",
    [...answer([own(a)]), text],
    log(["a"]),
    "as call 1 of 1",
  ],
  ["a case of a letter", answer([call("A")]), log(["a"]), "call 1"],
  ["a space in a name", answer([call("a ")]), log(["a"]), "call 1"],
  ["no JSON against its repair", answer([call("a", '{"x":')]), log(["a", '{"x":null}']), "call 1"],
  [
    "calls of the task's own history that are executed again",
    [...answer([a], null), text],
    log(["a"]),
    "as call 1 of 1",
  ],
  ["the first of two is missing", [...answer([a, b]), text], log(["b"]), "call 1 is a({})"],
  ["another call in flight at the end", answer([notRun(a)]), log(["b"]), "executed b({})"],
])("%s: the first difference is named", (...[, messages, executed, difference]) => {
  expect(callDifference(messages, executed)).toContain(difference);
});

test("long arguments are named in part", () => {
  const difference =
    callDifference(answer([call("a", JSON.stringify({ x: "y".repeat(1_000) }))]), log(["a"])) ?? "";
  expect([difference.length < 300, difference.includes("…")]).toEqual([true, true]);
});

const callArbitrary = fc.record({
  id: fc.constantFrom("call_0", "call_1", "x"),
  name: fc.constantFrom("find", "renew", "lookup"),
  arguments: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
  by: fc.constantFrom("tool-server" as const, "tool-server" as const, "agent" as const),
});
const answers = fc.array(fc.array(callArbitrary, { minLength: 1, maxLength: 3 }), { maxLength: 5 });
const transcriptOf = (said: readonly (readonly Call[])[]) => [
  ...said.flatMap((calls) => answer(calls)),
  text,
];
// One id in one answer would leave open which of its calls the agent program answered.
const distinct = answers.map((said) =>
  said.map((calls) => calls.map((one, index) => ({ ...one, id: `${one.id}-${index}` }))),
);
const logOf = (said: readonly (readonly Call[])[]): ExecutedCall[] =>
  said
    .flat()
    .filter(({ by }) => by === "tool-server")
    .map(({ name, arguments: argumentsText }) => ({ name, argumentsText }));

test("any conversation equals its own log, however the agent program writes the arguments", () => {
  const rewritten = (entries: readonly ExecutedCall[]) =>
    entries.map(({ name, argumentsText }) => {
      const value = JSON.parse(argumentsText) as object;
      return {
        name,
        argumentsText: JSON.stringify(Object.fromEntries(Object.entries(value).toReversed()), null, 1),
      };
    });
  fc.assert(
    fc.property(distinct, (said) => {
      expect(callDifference(transcriptOf(said), logOf(said))).toBeNull();
      expect(callDifference(transcriptOf(said), rewritten(logOf(said)))).toBeNull();
    }),
  );
});

test("any planted difference is found", () => {
  const plants: readonly ((entries: ExecutedCall[], at: number) => ExecutedCall[])[] = [
    (entries, at) => entries.toSpliced(at, 1),
    (entries, at) => entries.toSpliced(at, 0, { name: "planted", argumentsText: "{}" }),
    (entries, at) => entries.with(at, { ...entries[at]!, name: "planted" }),
    (entries, at) => entries.with(at, { ...entries[at]!, argumentsText: '{"planted":true}' }),
    (entries, at) => [...entries.slice(0, at), { name: "planted", argumentsText: "{}" }],
  ];
  fc.assert(
    fc.property(distinct, fc.constantFrom(...plants), fc.nat(), (said, plant, seed) => {
      const entries = logOf(said);
      fc.pre(entries.length > 0);
      const planted = plant(entries, seed % entries.length);
      expect(callDifference(transcriptOf(said), planted)).toMatch(/^call \d+ is |^the tool server executed /);
    }),
  );
});
