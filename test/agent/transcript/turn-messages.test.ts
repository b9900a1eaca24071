import { expect, test } from "vitest";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import type { ToolCallLog } from "../../../bench/workload/workload.ts";
import { readAnswer } from "../../../bench/answer/read-answer.ts";
import { completionOf } from "../../../bench/agent/transcript/completion.ts";
import { turnMessages } from "../../../bench/agent/transcript/turn-messages.ts";

const sse = (...parts: readonly unknown[]) =>
  [...parts.map((part) => `data: ${JSON.stringify(part)}\n\n`), "data: [DONE]\n\n"].join("");
const delta = (change: unknown, finish: string | null = null) => ({
  choices: [{ delta: change, finish_reason: finish }],
});

function exchange(changes: Partial<Exchange>): Exchange {
  return {
    v: 1,
    hop: "outer",
    arm: "raw",
    requestId: "r1",
    episodeId: "e",
    attemptKey: "a",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 0,
    responseBytes: 0,
    startedNs: 0,
    requestEndNs: 0,
    firstByteNs: 0,
    firstTokenNs: 0,
    lastTokenNs: 0,
    endedNs: 0,
    chunks: [],
    usage: null,
    finishReason: null,
    requestBody: "{}",
    responseBody: "",
    ...changes,
  };
}

const call = (changes: Partial<ToolCallLog>): ToolCallLog => ({
  episodeId: "e",
  attemptKey: "a",
  toolCallId: "c1",
  name: "find",
  argumentsText: '{"n": 2.0}',
  requestor: "assistant",
  content: "found",
  error: false,
  receivedNs: 0,
  startedNs: 0,
  endedNs: 0,
  ...changes,
});

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
    messages: [{ role: "tool", tool_call_id: "c1", content: "Validation failed" }],
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
