import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareRequest, type ExpectedPrompt } from "../../../bench/analysis/bytes/byte-check.ts";
import { memberText, spelledAlike } from "../../../bench/store/json-text.ts";
import { transcript } from "../../store/run-builder.ts";

const nothing = { null: 0, empty: 0, absent: 0 };

/** A request as a faithful agent sends it: everything before the message that it produces. */
function bodyOf(
  expected: ExpectedPrompt,
  upTo: number,
  change: (message: Sent) => Sent = (message) => message,
) {
  const messages = expected.messages.slice(0, upTo).map((message): Sent => {
    if (message.role === "tool") {
      return { role: "tool", content: message.content, tool_call_id: message.toolCallId };
    }
    if (message.toolCalls === null) return { role: message.role, content: message.content };
    return {
      role: message.role,
      content: message.content,
      tool_calls: message.toolCalls.map(({ id, name, arguments: text }) => ({
        id,
        type: "function",
        function: { name, arguments: text },
      })),
    };
  });
  const system = { role: "system", content: expected.system };
  const head = JSON.stringify({ model: "m", messages: [system, ...messages].map(change) }).slice(0, -1);
  return `${head},"tools":${expected.tools},"stream":true}`;
}

interface Sent {
  role: string;
  content?: string | null;
  tool_call_id?: string;
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
}

test("a faithful request is equal, wherever in the transcript it ends", () => {
  for (const [upTo, requestId] of [
    [2, "r1"],
    [4, "r2"],
    [3, "unknown"],
  ] as const) {
    const compared = compareRequest(bodyOf(transcript, upTo), transcript, requestId);
    expect(compared.differences).toEqual([]);
    expect(compared.toolResultDifferences).toEqual([]);
  }
});

test("an empty text beside tool calls may be null, empty or absent, and is counted", () => {
  const forms: [Sent["content"], object][] = [
    [null, { ...nothing, null: 1 }],
    ["", { ...nothing, empty: 1 }],
    [undefined, { ...nothing, absent: 1 }],
  ];
  for (const [content, emptyContents] of forms) {
    const body = bodyOf(transcript, 4, (message) => {
      if (!message.tool_calls) return message;
      const { content: _, ...rest } = message;
      return content === undefined ? rest : { ...rest, content };
    });
    expect(compareRequest(body, transcript, "r2")).toEqual({
      differences: [],
      toolResultDifferences: [],
      emptyContents,
    });
  }
});

test.each<[string, (message: Sent) => Sent, string]>([
  [
    "a date before a user text",
    (m) => (m.role === "user" ? { ...m, content: `[Sat] ${m.content}` } : m),
    "messages[2].content",
  ],
  [
    "a trimmed system message",
    (m) => (m.role === "system" ? { ...m, content: `${m.content}x` } : m),
    "messages[0].content",
  ],
  [
    "re-serialised arguments",
    (m) => ({
      ...m,
      tool_calls: m.tool_calls?.map((call) => ({
        ...call,
        function: { ...call.function, arguments: JSON.stringify(JSON.parse(call.function.arguments)) },
      })),
    }),
    "messages[3].tool_calls[0].function.arguments",
  ],
  [
    "a rewritten tool-call id",
    (m) => ({ ...m, tool_calls: m.tool_calls?.map((call) => ({ ...call, id: "call1a" })) }),
    "messages[3].tool_calls[0].id",
  ],
  [
    "a text in parts",
    (m) => (m.role === "user" ? { ...m, content: [{ type: "text" }] as unknown as string } : m),
    "messages[2].content",
  ],
])("%s is a difference", (...[, change, place]) => {
  const body = bodyOf(transcript, 3, (message) => {
    const changed = change(message);
    return changed.tool_calls ? changed : { ...changed, tool_calls: undefined };
  });
  expect(compareRequest(body, transcript, null).differences.map((difference) => difference.place)).toEqual([
    place,
  ]);
});

test("a missing message, a changed tool schema and a changed tool result are told apart", () => {
  const missing = compareRequest(bodyOf(transcript, 3), transcript, "r2");
  expect(missing.differences.map(({ place }) => place)).toEqual(["messages.length"]);
  const other = { ...transcript, tools: transcript.tools.replace("get_book", "get_books") };
  const schema = compareRequest(bodyOf(other, 2), transcript, "r1");
  expect(schema.differences.map(({ place, actual }) => [place, actual?.includes("get_books")])).toEqual([
    ["tools", true],
  ]);
  const result = compareRequest(
    bodyOf(transcript, 4, (message) =>
      message.role === "tool" ? { ...message, content: "(no output)" } : message,
    ),
    transcript,
    "r2",
  );
  expect(result.differences).toEqual([]);
  expect(result.toolResultDifferences).toEqual([
    { place: "messages[4].content", expected: '{"copies": 1}', actual: "(no output)" },
  ]);
});

test("the user's own tool calls are not for the agent", () => {
  const withUserCall: ExpectedPrompt = {
    ...transcript,
    messages: [
      ...transcript.messages.slice(0, 1),
      {
        role: "user",
        content: null,
        toolCalls: [{ id: "u1", name: "toggle", arguments: "{}" }],
        requestId: null,
        usage: null,
      },
      {
        role: "tool",
        toolCallId: "u1",
        content: "on",
        error: false,
        requestor: "user",
        answeredBy: "tool-server",
      },
      ...transcript.messages.slice(1),
    ],
  };
  expect(compareRequest(bodyOf(transcript, 4), withUserCall, "r2").differences).toEqual([]);
});

test("what is no chat request is a difference, never a crash", () => {
  for (const body of ["", "{", "[]", '{"messages":1}']) {
    expect(compareRequest(body, transcript, null).differences.map(({ place }) => place)).toEqual(["body"]);
  }
});

test("tools: 2.0 is not 2, but white space and escapes do not matter", () => {
  const expected = { ...transcript, tools: '[{"a": 2.0, "b": "\\u65e5"}]' };
  const sent = (tools: string) =>
    compareRequest(bodyOf({ ...expected, tools }, 2), expected, "r1").differences;
  expect(sent('[{"a":2.0,"b":"日"}]')).toEqual([]);
  expect(sent('[{"a":2,"b":"日"}]').length).toBe(1);
  expect(sent('[{"b":"日","a":2.0}]').length).toBe(1);
});

test("the text of a member is found in any JSON object", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue(),
      fc.nat(3),
      (others, value, indent) => {
        const object = Object.fromEntries([...Object.entries(others), ["tools", value]]);
        const json = JSON.stringify(object, null, indent);
        expect(JSON.parse(memberText(json, "tools") ?? "")).toEqual(JSON.parse(JSON.stringify(value)));
        expect(spelledAlike(json)).toBe(JSON.stringify(object));
        expect(memberText(json, "no such member \u0000")).toBe(null);
      },
    ),
  );
});
