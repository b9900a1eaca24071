import { expect, test } from "vitest";
import type { AgentTurn } from "../../../bench/agent/agent.ts";
import { modelRetried, readTurn } from "../../../bench/agent/transcript/read-turn.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import { called, delta, exchange, executedCall, sse } from "../../workload/exchange-builder.ts";

const answered: AgentTurn = { status: "answered", text: "Done." };
const agentError: AgentTurn = { status: "agent-error", kind: "no_answer", message: "OpenClaw ended the run" };
const unavailable: AgentTurn = { status: "model-unavailable", message: "boom", requestId: "r1" };
const timedOut: AgentTurn = { status: "timed-out", afterMs: 1000 };
const aborted: AgentTurn = { status: "aborted" };

/** A request in a conversation with so many answers of the model in it. */
const asked = (answers: number) =>
  JSON.stringify({
    messages: [
      { role: "user", content: "Renew it." },
      ...Array.from({ length: answers }, () => ({ role: "assistant", content: "Hm." })),
    ],
  });
const request = (answers: number, changes: Partial<Exchange>) =>
  exchange({ requestBody: asked(answers), ...changes });
const says = (finish: string) => sse(delta({ content: "Done." }), delta({}, finish));
const good = (answers = 0) => request(answers, { requestId: "r9", responseBody: says("stop") });
const gaveUp = (answers = 0) => request(answers, { responseBody: says("abort") });
const refused = (status: number) => request(0, { status, responseBody: '{"message":"context length"}' });
const left = (answers = 0) => request(answers, { responseBody: "", outcome: "client-aborted" });
const calls = (answers: number, finish: string) =>
  request(answers, { responseBody: sse(delta(called("c1", "find")), delta({}, finish)) });
const malformed = request(0, {
  responseBody: sse(delta(called("c1", "find", '{"q": ')), delta({}, "tool_calls")),
});

test.each<[string, AgentTurn, Exchange[], readonly string[]]>([
  ["a whole answer", answered, [good()], []],
  ["tools and a whole answer", answered, [calls(0, "tool_calls"), good(1)], []],
  ["length", answered, [request(0, { responseBody: says("length") })], []],
  ["the agent's own error behind a whole answer", agentError, [good()], []],
  ["the agent's own error without a request", agentError, [], []],
  ["a retry that was answered", answered, [gaveUp(), good()], [modelRetried]],
  ["a retry behind a status", answered, [refused(502), refused(429), good()], [modelRetried]],
  ["a retry between tools", answered, [calls(0, "tool_calls"), gaveUp(1), good(1)], [modelRetried]],
  ["a retry with fewer messages", answered, [gaveUp(3), good(1)], [modelRetried]],
  ["a retried answer, then the agent's own error", agentError, [gaveUp(), good()], [modelRetried]],
  ["a request that the server refused", agentError, [refused(400)], []],
  ["one that is too large", agentError, [refused(413)], []],
  ["a call with arguments that are no JSON", { ...agentError, requestId: "r1" }, [malformed], []],
  ["a whole call at the limit of tokens", { ...agentError, requestId: "r1" }, [calls(0, "length")], []],
  [
    "nothing but reasoning",
    { ...agentError, requestId: "r1" },
    [request(0, { responseBody: sse(delta({ reasoning: "Hm." }), delta({}, "stop")) })],
    [],
  ],
  [
    "what a filter left",
    { ...agentError, requestId: "r1" },
    [request(0, { responseBody: says("content_filter") })],
    [],
  ],
  ["one that is still open when the turn's time is up", timedOut, [left()], []],
  ["the same behind tools", timedOut, [calls(0, "tool_calls"), left(1)], []],
  ["one that is still open when a limit ends the turn", aborted, [calls(0, "tool_calls"), left(1)], []],
  ["one that the agent left when it had its answer", answered, [good(), left(1)], []],
])("%s has a result", (...[, turn, exchanges, labels]) => {
  expect(readTurn(turn, exchanges, [])).toMatchObject({ failure: null, labels });
});

test.each<[string, AgentTurn, Exchange[], RegExp]>([
  [
    "half an answer taken for a whole one",
    answered,
    [gaveUp()],
    /^request r1 got an answer that was given up, with finish reason abort$/,
  ],
  [
    "the agent's own error for half an answer",
    agentError,
    [gaveUp()],
    /given up, with finish reason abort; the agent says: OpenClaw ended the run$/,
  ],
  ["the model is said to be unavailable", unavailable, [gaveUp()], /given up.*; the agent says: boom$/],
  ["the agent went on with half an answer", answered, [calls(0, "abort"), good(1)], /^request r1 .*given up/],
  [
    "the same, between good ones",
    answered,
    [calls(0, "tool_calls"), calls(1, "error"), good(2)],
    /finish reason error/,
  ],
  ["the agent went on, then failed", agentError, [calls(0, "abort"), good(1)], /given up/],
  [
    "a lost call",
    agentError,
    [request(0, { responseBody: sse(delta({}, "tool_calls")) })],
    /without a call: the server's parser lost it/,
  ],
  ["a lost call beside text", answered, [request(0, { responseBody: says("tool_calls") })], /parser lost it/],
  ["retries that never helped", agentError, [refused(502), refused(502)], /status 502/],
  ["a status that the agent made an error of", agentError, [refused(500)], /status 500/],
  ["too many requests", agentError, [refused(429)], /status 429/],
  ["retries until the turn's time was up", timedOut, [refused(503), left()], /status 503/],
  ["a broken answer just before a limit", aborted, [gaveUp(), left()], /given up/],
  [
    "the agent gave up waiting",
    unavailable,
    [left()],
    /left by the agent before its answer was at its end; the agent says: boom/,
  ],
  ["the agent made an error of waiting", agentError, [left()], /left by the agent/],
  ["a refusal that the agent cannot explain", unavailable, [refused(400)], /status 400/],
  [
    "an answer that cannot be read",
    answered,
    [request(0, { responseBody: `data: {"cho\n\n${says("stop")}` })],
    /cannot be read in 1/,
  ],
])("%s is a failed generation", (...[, turn, exchanges, message]) => {
  const { failure } = readTurn(turn, exchanges, []);
  const said = expect.stringMatching(message) as string;
  expect(failure).toEqual({ class: "engine", message: said, requestId: "r1" });
});

test.each<[string, AgentTurn, Exchange[], string]>([
  [
    "the driver has no descriptors left",
    { ...unavailable, message: "connect EMFILE 127.0.0.1:1" },
    [],
    "harness",
  ],
  ["the driver has no ports left", { ...unavailable, message: "EADDRNOTAVAIL" }, [good()], "harness"],
  [
    "the tap refused or cut the connection",
    { ...unavailable, message: "other side closed" },
    [good()],
    "tap",
  ],
  ["an agent program could not send", { ...agentError, requestId: "r1" }, [], "tap"],
  ["the agent could not read a call", { ...agentError, requestId: "r1" }, [calls(0, "tool_calls")], "engine"],
  [
    "the agent took a call for none",
    { ...agentError, kind: "incomplete_turn", requestId: "r1" },
    [calls(0, "tool_calls")],
    "engine",
  ],
  [
    "the same under another finish reason",
    { ...agentError, requestId: "r1" },
    [calls(0, "eos_token")],
    "engine",
  ],
  ["the agent could not read a whole answer", { ...unavailable, requestId: "r9" }, [good()], "engine"],
  ["the agent's process is gone", { status: "process-died", message: "killed" }, [left()], "agent-process"],
  ["the tool server is gone", { ...agentError, kind: "tool_transport" }, [left()], "tool-server"],
  ["the tool server is too slow", { ...agentError, kind: "tool_deadline" }, [good()], "tool-server"],
  ["the tool server has a bug", { ...agentError, kind: "tool_internal" }, [good()], "tool-server"],
])("%s", (...[, turn, exchanges, part]) => {
  expect(readTurn(turn, exchanges, []).failure?.class).toBe(part);
});

test("the transcript has the answers with which the agent went on, not those that it asked again", () => {
  const exchanges = [calls(0, "tool_calls"), gaveUp(1), good(1)];
  expect(readTurn(answered, exchanges, [executedCall({ argumentsText: "{}" })]).messages).toMatchObject([
    { role: "assistant", toolCalls: [{ name: "find" }] },
    { role: "tool", content: "found" },
    { role: "assistant", content: "Done.", requestId: "r9" },
  ]);
});

test("half an answer that ended the turn stays in the transcript", () => {
  expect(readTurn(agentError, [gaveUp()], []).messages).toMatchObject([
    { role: "assistant", content: "Done." },
  ]);
});

test("the agent's own error is told with how the model's answer ended", () => {
  const says = (message: string, exchanges: readonly Exchange[]) =>
    readTurn({ status: "agent-error", kind: "empty", message }, exchanges, []).detail;
  expect([
    says("nothing", [good()]),
    says("nothing (finish reason stop)", [good()]),
    says("nothing", []),
  ]).toEqual([
    "empty: nothing (finish reason stop)",
    "empty: nothing (finish reason stop)",
    "empty: nothing",
  ]);
});

/** The next request of the agent program, in which it says what it read as the model's call, and what it answered to that. */
const goesOn = (call: object, said = "no such tool") =>
  request(1, {
    requestId: "r9",
    responseBody: says("stop"),
    requestBody: JSON.stringify({
      messages: [
        { role: "user", content: "Renew it." },
        { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: call }] },
        { role: "tool", tool_call_id: "c1", content: said },
      ],
    }),
  });
const asks = (...parts: readonly unknown[]) =>
  request(0, { responseBody: sse(...parts.map((part) => delta(part)), delta({}, "tool_calls")) });
const renew = asks(called("c1", "renew", '{"n":1}'));
const inPieces = asks(called("c1", "re", ""), { tool_calls: [{ index: 0, function: { name: "new" } }] });

test.each<[string, AgentTurn, Exchange[], string]>([
  ["a name in two pieces", answered, [inPieces, goesOn({ name: "new", arguments: "" })], "renew() as new()"],
  ["another name", answered, [renew, goesOn({ name: "loan", arguments: '{"n":1}' })], 'as loan({"n":1})'],
  ["other arguments", answered, [renew, goesOn({ name: "renew", arguments: "{}" })], "as renew({})"],
  ["before an error", agentError, [renew, goesOn({ name: "new", arguments: "{}" })], "as new({})"],
  ["before a limit", aborted, [renew, goesOn({ name: "new", arguments: "{}" })], "as new({})"],
])(
  "%s that the agent program read otherwise, and answered by itself, is nobody's score",
  (...[, turn, seen, as]) => {
    const { failure } = readTurn(turn, seen, []);
    expect(failure?.class).toBe("harness");
    expect(failure?.message).toContain(as);
  },
);

test.each<[string, Exchange[]]>([
  ["a tool that is not there", [renew, goesOn({ name: "renew", arguments: '{ "n": 1.0 }' })]],
  [
    "arguments that are no JSON",
    [asks(called("c1", "renew", '{"n":')), goesOn({ name: "renew", arguments: "{}" })],
  ],
  ["no arguments", [asks(called("c1", "renew", "")), goesOn({ name: "renew", arguments: "{}" })]],
])("%s, answered by the agent program, is the model's own fault", (_, seen) => {
  expect(readTurn(answered, seen, []).failure).toBeNull();
});
