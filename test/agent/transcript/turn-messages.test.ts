import { expect, test } from "vitest";
import { readAnswer } from "../../../bench/answer/read-answer.ts";
import { completionOf } from "../../../bench/agent/transcript/completion.ts";
import { turnMessages } from "../../../bench/agent/transcript/turn-messages.ts";
import { delta, exchange, executedCall as call, sse } from "../../workload/exchange-builder.ts";

const toolCallStream = sse(
  delta({ role: "assistant", content: "" }),
  delta({ tool_calls: [{ index: 0, id: "c1", function: { name: "find", arguments: '{"n": ' } }] }),
  delta({ tool_calls: [{ index: 0, function: { arguments: "2.0}" } }] }, "tool_calls"),
  {
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 3 } },
  },
);

test("a streamed completion keeps the argument text, and empty text beside calls is null", () => {
  expect(completionOf(readAnswer(toolCallStream))).toEqual({
    content: null,
    toolCalls: [{ id: "c1", name: "find", arguments: '{"n": 2.0}' }],
    finishReason: "tool_calls",
    usage: { promptTokens: 9, completionTokens: 4, cachedTokens: 3 },
  });
});

test("a completion that is not streamed reads the same; usage that is absent stays absent", () => {
  const body = JSON.stringify({
    choices: [{ message: { content: "Hello", tool_calls: null }, finish_reason: "stop" }],
  });
  expect(completionOf(readAnswer(body))).toEqual({
    content: "Hello",
    toolCalls: null,
    finishReason: "stop",
    usage: null,
  });
});

test.each([["<html>Bad gateway</html>"], [""], ['{"error": "x"}']])("%j says nothing", (responseBody) => {
  expect(turnMessages([exchange({ responseBody })], [])).toEqual([]);
});

test("calls get the tool server's answers; text beside a call is kept", () => {
  const text = sse(
    delta({ content: "Let me look. " }),
    delta(
      { tool_calls: [{ index: 0, id: "c1", function: { name: "find", arguments: "{}" } }] },
      "tool_calls",
    ),
  );
  const messages = turnMessages(
    [
      exchange({ responseBody: text }),
      exchange({ requestId: "r2", responseBody: sse(delta({ content: "Here." }, "stop")) }),
    ],
    [call({})],
  );
  expect(messages).toEqual([
    {
      role: "assistant",
      content: "Let me look. ",
      toolCalls: [{ id: "c1", name: "find", arguments: "{}" }],
      requestId: "r1",
      usage: null,
    },
    {
      role: "tool",
      toolCallId: "c1",
      content: "found",
      error: false,
      requestor: "assistant",
      answeredBy: "tool-server",
    },
    { role: "assistant", content: "Here.", toolCalls: null, requestId: "r2", usage: null },
  ]);
});

test("one id used twice gets each answer once, in order", () => {
  const exchanges = [
    exchange({ responseBody: toolCallStream }),
    exchange({ requestId: "r2", responseBody: toolCallStream }),
  ];
  const messages = turnMessages(exchanges, [call({ content: "first" }), call({ content: "second" })]);
  expect(messages.flatMap((message) => (message.role === "tool" ? [message.content] : []))).toEqual([
    "first",
    "second",
  ]);
});

test("a call that the agent answered by itself is read from the next request's history", () => {
  const history = JSON.stringify({
    messages: [
      { role: "assistant", content: null },
      { role: "tool", tool_call_id: "c1", content: "Validation failed" },
    ],
  });
  const later = exchange({
    requestId: "r2",
    requestBody: history,
    responseBody: sse(delta({ content: "Sorry." }, "stop")),
  });
  const messages = turnMessages([exchange({ responseBody: toolCallStream }), later], []);
  expect(messages[1]).toEqual({
    role: "tool",
    toolCallId: "c1",
    content: "Validation failed",
    error: true,
    requestor: "assistant",
    answeredBy: "agent",
  });
});

test.each(["reasoning", "reasoning_content"])("what the model thought is kept from %s", (field) => {
  const responseBody = sse(
    delta({ [field]: "She has " }),
    delta({ [field]: "one." }),
    delta({ content: "One." }, "stop"),
  );
  expect(turnMessages([exchange({ responseBody })], [])).toEqual([
    {
      role: "assistant",
      content: "One.",
      reasoning: "She has one.",
      toolCalls: null,
      requestId: "r1",
      usage: null,
    },
  ]);
});

test("an answer that is reasoning alone keeps it", () => {
  const responseBody = sse(delta({ reasoning: "The loan is renewed." }), delta({}, "stop"));
  expect(turnMessages([exchange({ responseBody })], [])).toMatchObject([
    { content: "", reasoning: "The loan is renewed.", toolCalls: null },
  ]);
});

test("failed exchanges say nothing", () => {
  expect(turnMessages([exchange({ status: 500, responseBody: "oops" })], [])).toEqual([]);
});

test("an agent program that gives calls ids of its own gets its results all the same", () => {
  const messages = turnMessages(
    [exchange({ responseBody: toolCallStream })],
    [call({ toolCallId: "toolu_9" })],
  );
  expect(messages[1]).toMatchObject({ toolCallId: "c1", content: "found", answeredBy: "tool-server" });
});

test("a result of an earlier call with the same id is not taken for the answer to a later call", () => {
  const [asked, next] = [
    [{ role: "user", content: "Find it." }],
    [
      { role: "user", content: "Find it." },
      { role: "assistant", content: null },
      { role: "tool", tool_call_id: "c1", content: "found" },
    ],
  ];
  const exchanges = [
    exchange({ requestBody: JSON.stringify({ messages: asked }), responseBody: toolCallStream }),
    exchange({ requestBody: JSON.stringify({ messages: next }), responseBody: toolCallStream }),
    exchange({
      requestBody: JSON.stringify({ messages: [...next, { role: "assistant", content: null }] }),
      responseBody: sse(delta({ content: "Here." }, "stop")),
    }),
  ];
  const roles = turnMessages(exchanges, [call({})]).map(({ role }) => role);
  expect(roles).toEqual(["assistant", "tool", "assistant", "assistant"]);
});
