import { afterAll, beforeAll, expect, test } from "vitest";
import { findOpenClaw, pinnedVersion } from "../../../bench/agent/openclaw/installation.ts";
import { otherToolsText, policy, Rig, sampling, toolsText } from "./rig.ts";
import { call, execute, history, oddConversation, spoken } from "./odd-conversation.ts";
import type { ScriptedReply, SeenMessage } from "./scripted-model.ts";

/**
 * Tollgate leans on parts of OpenClaw that may change with any release. Each test here is named after one of them, so
 * that the first red line after an upgrade says what broke. One gateway serves all tests; the last one kills it.
 */
let rig: Rig;

beforeAll(async () => {
  rig = await Rig.start((call) => {
    if (call.arguments.includes("hang up")) return { hangUp: true };
    if (call.arguments.includes("refuse")) return { refuse: "limit" };
    return execute(call);
  });
}, 300_000);

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const quiet = new AbortController().signal;
test("package: the installed OpenClaw is the version that these tests have checked", () => {
  expect(findOpenClaw().version).toBe(pinnedVersion);
});

test("config keys, connect handshake, plugin load: a gateway starts and its event loop can be read", async () => {
  expect(await rig.driver.eventLoopLoad()).toEqual([
    { process: "openclaw-0", eventLoopUtilization: expect.any(Number) },
  ]);
});

test("session routing: endpoint, identity, trace and sampling are those of the session", async () => {
  const turn = await rig.oneTurn({ key: "route-1", replies: [{ calls: [call("c1", "{}")] }, { say: "ok" }] });
  expect(turn).toEqual({ status: "answered", text: "ok" });
  const requests = rig.model.of("route-1");
  const seen = requests.map(({ path, headers }) => ({ path, request: headers["x-tollgate-request"] }));
  expect(seen).toEqual([
    { path: "/route-1/v1/chat/completions", request: "route-1-1" },
    { path: "/route-1/v1/chat/completions", request: "route-1-2" },
  ]);
  expect(requests[0]?.headers).toMatchObject({
    authorization: "Bearer key-of-route-1",
    "x-tollgate-episode": "episode-of-route-1",
    "x-tollgate-attempt": "route-1",
    "x-extra": "yes",
  });
  const traces = new Set(requests.map(({ headers }) => String(headers["traceparent"]).slice(0, 35)));
  expect(traces.size, "one trace id for the requests of one turn").toBe(1);
  const { messages: _messages, tools: _tools, ...fields } = requests[0]?.body ?? { messages: [] };
  expect(fields).toEqual({
    model: "model-of-route-1",
    stream: true,
    stream_options: { include_usage: true },
    tool_choice: "auto",
    ...sampling,
  });
});

test("payload hook: every request is what tau2 would send, byte for byte, over odd texts", async () => {
  const turns = oddConversation;
  const greeting = "Hi! How can I help you today?";
  await using session = await rig.open({
    key: "exact-1",
    greeting,
    replies: turns.flatMap(({ replies }) => replies),
  });
  const expected: SeenMessage[][] = [];
  const past: SeenMessage[] = [
    { role: "system", content: policy },
    { role: "assistant", content: greeting },
  ];
  for (const { user, replies } of turns) {
    past.push({ role: "user", content: user });
    for (const reply of replies) {
      expected.push([...past]);
      past.push(...history(reply));
    }
    const turn = await session.turn(user, quiet);
    expect(turn).toEqual({ status: "answered", text: spoken(replies.at(-1)?.say) });
  }
  const requests = rig.model.of("exact-1");
  expect(requests.map(({ body }) => body.messages)).toEqual(expected);
  for (const { body } of requests) expect(JSON.stringify(body["tools"])).toBe(toolsText);
  expect(session.promptMisses()).toBe(0);
  const called = turns
    .flatMap(({ replies }) => replies)
    .flatMap(({ calls = [] }, index) => {
      return calls.map(({ id, ...each }) => ({ toolCallId: id, requestId: `exact-1-${index + 1}`, ...each }));
    });
  const served = rig.tools.calls
    .filter(({ attemptKey }) => attemptKey === "exact-1")
    .map(({ toolCallId, requestId, name, arguments: text }) => ({
      toolCallId,
      requestId,
      name,
      arguments: text,
    }));
  expect(served).toEqual(called);
});

test("tool factory: two sessions at once keep their own tools, endpoints and history", async () => {
  const replies = [{ calls: [call("c", '{"q":1.0}')] }, { say: "a1" }, { say: "a2" }];
  const others = [{ calls: [call("c", '{"q":2.0}', "refuel")] }, { say: "b1" }, { say: "b2" }];
  await using a = await rig.open({ key: "twin-a", replies });
  await using b = await rig.open({ key: "twin-b", replies: others, tools: otherToolsText });
  expect(await Promise.all([a.turn("one", quiet), b.turn("uno", quiet)])).toEqual([
    { status: "answered", text: "a1" },
    { status: "answered", text: "b1" },
  ]);
  expect(await Promise.all([a.turn("two", quiet), b.turn("dos", quiet)])).toEqual([
    { status: "answered", text: "a2" },
    { status: "answered", text: "b2" },
  ]);
  const last = [rig.model.of("twin-a").at(-1), rig.model.of("twin-b").at(-1)];
  expect(last.map((request) => JSON.stringify(request?.body["tools"]))).toEqual([toolsText, otherToolsText]);
  expect(last.map((request) => request?.body.messages)).toEqual([
    [
      { role: "system", content: policy },
      { role: "user", content: "one" },
      ...history(replies[0]),
      { role: "assistant", content: "a1" },
      { role: "user", content: "two" },
    ],
    [
      { role: "system", content: policy },
      { role: "user", content: "uno" },
      ...history(others[0]),
      { role: "assistant", content: "b1" },
      { role: "user", content: "dos" },
    ],
  ]);
});

const overflow = "Requested token count exceeds the model's maximum context length of 32768 tokens.";
const failures: readonly { readonly name: string; readonly reply: ScriptedReply; readonly turn: object }[] = [
  {
    name: "http-500",
    reply: { status: 500, error: { error: { message: "boom" } } },
    turn: { status: "model-unavailable", message: expect.stringContaining("boom") },
  },
  {
    name: "http-429",
    reply: { status: 429, error: { error: { message: "slow down" } } },
    turn: { status: "model-unavailable", message: expect.stringContaining("slow down") },
  },
  {
    name: "http-401",
    reply: { status: 401, error: { error: { message: "who" } } },
    turn: { status: "model-unavailable", message: expect.any(String) },
  },
  {
    name: "dropped",
    reply: { drop: true },
    turn: { status: "model-unavailable", message: expect.any(String) },
  },
  {
    name: "overflow",
    reply: { status: 400, error: { object: "error", message: overflow, code: 400 } },
    turn: { status: "agent-error", kind: "context_overflow", message: expect.any(String) },
  },
  {
    name: "malformed",
    reply: { calls: [call("c1", '{"q": ')] },
    turn: { status: "agent-error", kind: "incomplete_turn", message: expect.any(String) },
  },
  {
    name: "empty",
    reply: { say: "" },
    turn: { status: "agent-error", kind: "incomplete_turn", message: expect.any(String) },
  },
  {
    name: "same-ids",
    reply: { calls: [call("c1", "{}"), call("c1", "{}")] },
    turn: { status: "agent-error", kind: "incomplete_turn", message: expect.any(String) },
  },
];

test.for(failures)(
  "retries off: $name ends the turn after exactly one request",
  async ({ name, reply, turn }) => {
    const key = `fail-${name}`;
    expect(await rig.oneTurn({ key, replies: [reply, { say: "a second request" }] })).toEqual({
      ...turn,
      requestId: `${key}-1`,
    });
    expect(rig.model.of(key).length, "model requests").toBe(1);
  },
);

test("unknown tool: OpenClaw answers it by itself and the run goes on", async () => {
  const key = "unknown-1";
  expect(
    await rig.oneTurn({
      key,
      replies: [{ calls: [call("c1", '{"a": 1.0}', "no_such_tool")] }, { say: "sorry" }],
    }),
  ).toEqual({ status: "answered", text: "sorry" });
  expect(rig.model.of(key)[1]?.body.messages.slice(2)).toEqual([
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "c1", type: "function", function: { name: "no_such_tool", arguments: '{"a": 1.0}' } },
      ],
    },
    { role: "tool", content: expect.stringContaining("no_such_tool"), tool_call_id: "c1" },
  ]);
});

test("chat.abort: a turn ends when its signal or its deadline says so", async () => {
  const abort = new AbortController();
  setTimeout(() => {
    abort.abort();
  }, 1500);
  expect(await rig.oneTurn({ key: "abort-1", replies: [{ hang: true }] }, abort.signal)).toEqual({
    status: "aborted",
  });
  const timed = await rig.oneTurn({ key: "abort-2", replies: [{ hang: true }], turnTimeoutMs: 1500 });
  expect(timed).toEqual({ status: "timed-out", afterMs: 1500 });
  expect(await rig.oneTurn({ key: "abort-3", replies: [{ say: "alive" }] })).toEqual({
    status: "answered",
    text: "alive",
  });
});

test("stock prompt: OpenClaw's own prompt and rewriting stay, with the policy inside", async () => {
  await using session = await rig.open({
    key: "stock-1",
    prompt: "stock",
    replies: [{ calls: [call("call_8-aB", '{"q":"a"}')] }, { say: "fine" }],
  });
  expect(await session.turn("hey", quiet)).toEqual({ status: "answered", text: "fine" });
  const [first, second] = rig.model.of("stock-1");
  const text = JSON.stringify(first?.body.messages);
  expect(text).toContain("OpenClaw");
  expect(text).toContain("<b>日本</b>");
  expect(text).toMatch(/\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d UTC\] hey/);
  expect(JSON.stringify(second?.body.messages)).toContain("call8aB");
  expect(first?.body).toMatchObject(sampling);
  expect(first?.headers["x-tollgate-request"]).toBe("stock-1-1");
  expect(session.promptMisses()).toBe(0);
});

test("tool results: a tool server that refuses or hangs up ends the turn after one request", async () => {
  const ends = [
    ["hang up", "tool_transport", /lost the connection/],
    ["refuse", "tool_limit", /refused: limit/],
  ] as const;
  for (const [text, kind, message] of ends) {
    const key = `tools-${kind.replace("_", "-")}`;
    const replies = [{ calls: [call("c1", JSON.stringify({ text }))] }, { say: "a second request" }];
    const turn = await rig.oneTurn({ key, replies });
    expect(turn).toEqual({ status: "agent-error", kind, message: expect.stringMatching(message) });
    expect(rig.model.of(key).length, "model requests").toBe(1);
  }
});

test("plugin methods: a session that the tool server does not know cannot be opened", async () => {
  const request = { ...rig.register({ key: "known", replies: [] }), attemptKey: "unknown" };
  await expect(rig.driver.openSession(request)).rejects.toThrow(
    /no tool worker knows session unknown: .*unknown-session/,
  );
});

test("warm-up: every gateway runs a turn, as often as it is asked to", async () => {
  const register = async (key: string) => Promise.resolve(rig.register({ key, replies: [{ say: key }] }));
  expect(await rig.driver.warmUp(register, quiet)).toEqual([{ status: "answered", text: "warm-up-1" }]);
  expect(await rig.driver.warmUp(register, quiet)).toEqual([{ status: "answered", text: "warm-up-2" }]);
});

test("tool loops: OpenClaw does not end a turn for repeating itself", async () => {
  const same = Array.from({ length: 30 }, () => ({ calls: [call("c1", "{}")] }));
  const turn = await rig.oneTurn({ key: "loop-1", replies: [...same, { say: "done" }] });
  expect(turn).toEqual({ status: "answered", text: "done" });
  expect(rig.model.of("loop-1").length, "model requests").toBe(31);
});

test("hidden calls: every model request belongs to a turn of some session", () => {
  const strangers = rig.model.requests.filter(({ headers }) => headers["x-tollgate-attempt"] === undefined);
  expect(strangers).toEqual([]);
});

test("upkeep of sessions: no thread is started to prune them or to measure their files", async () => {
  const started = new Set(await rig.startedThreads());
  expect(started, "threads are noted at all").toContain("session-transcript.worker.js");
  expect(started).not.toContain("session-accessor.sqlite-archive.worker.js");
  expect(started).not.toContain("disk-budget.worker.js");
});

test("crash: the session ends as process-died, the process is restarted, nothing is left behind", async () => {
  const before = rig.driver.pids;
  await using session = await rig.open({ key: "crash-1", replies: [{ hang: true }] });
  const turn = session.turn("hello", quiet);
  setTimeout(() => {
    for (const pid of before) process.kill(pid, "SIGKILL");
  }, 1500);
  expect(await turn).toEqual({
    status: "process-died",
    message: expect.stringMatching(/^OpenClaw process openclaw-0 is gone \(SIGKILL\): the connection/),
  });
  expect(await session.turn("still there?", quiet)).toMatchObject({ status: "process-died" });
  expect(await rig.oneTurn({ key: "crash-2", replies: [{ say: "back" }] })).toEqual({
    status: "answered",
    text: "back",
  });
  expect(rig.driver.restarts).toBe(1);
  await rig.driver[Symbol.asyncDispose]();
  expect(await rig.processes()).toEqual([]);
}, 300_000);
