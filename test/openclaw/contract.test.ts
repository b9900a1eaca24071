import { afterAll, beforeAll, expect, test } from "vitest";
import { findOpenClaw, pinnedVersion } from "../../openclaw-tau2/openclaw/installation.ts";
import { otherToolsText, policy, Rig, sampling, toolsText } from "./rig.ts";
import type { ScriptedCall, ScriptedReply, SeenMessage } from "./scripted-model.ts";
import type { ToolCall } from "./stand-in-tools.ts";

/**
 * Tollgate leans on parts of OpenClaw that may change with any release. Each test here is named after one of them, so
 * that the first red line after an upgrade says what broke. One gateway serves all tests; the last one kills it.
 */
let rig: Rig;

beforeAll(async () => {
  rig = await Rig.start(execute);
}, 300_000);

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
}, 60_000);

const quiet = new AbortController().signal;
const long = "x".repeat(150_000);

/** The stand-in's tools: what they answer depends only on the argument text. */
function execute({ name, arguments: text }: ToolCall): string {
  if (text.includes("empty")) return "";
  if (text.includes("fail")) return "Error: no such user";
  if (text.includes("long")) return long;
  return `${name} saw ${text}`;
}

function call(id: string, text: string, name = "zeta_lookup"): ScriptedCall {
  return { id, name, arguments: text };
}

/** What tau2 would have in its history after one model answer and its tool results. */
function history(reply: { readonly say?: string; readonly calls?: readonly ScriptedCall[] }): SeenMessage[] {
  const content = reply.say === undefined || reply.say === "" ? null : reply.say;
  const calls = reply.calls ?? [];
  if (calls.length === 0) return [{ role: "assistant", content }];
  const toolCalls = calls.map(({ id, name, arguments: text }) => ({
    id,
    type: "function",
    function: { name, arguments: text },
  }));
  const results = calls.map((each) => ({
    role: "tool",
    content: execute({ id: 0, token: "", op: "call", name: each.name, arguments: each.arguments }),
    tool_call_id: each.id,
  }));
  return [{ role: "assistant", content, tool_calls: toolCalls }, ...results];
}

test("package: the installed OpenClaw is the version that these tests have checked", () => {
  expect(findOpenClaw().version).toBe(pinnedVersion);
});

test("config keys, connect handshake, plugin load: a gateway starts and its event loop can be read", async () => {
  expect(await rig.driver.pressure()).toEqual([
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
  const longId = `call_${"Z9-_.:".repeat(10)}`;
  const turns: readonly {
    readonly user: string;
    readonly replies: readonly Extract<ScriptedReply, { calls: unknown } | { say: string }>[];
  }[] = [
    {
      user: "[Sat 2026-11-21 00:44 UTC] plan  ",
      replies: [
        { say: "  Let me\n\n check. ", calls: [call("call_8-aB", '{ "amount" : 2.0, "z":1e0}')] },
        { say: "Done.  \n" },
      ],
    },
    {
      user: "日本 é 👩‍👩‍👧 \u2028 end\t\n",
      replies: [
        { calls: [call("functions.x:0", '{"q":"\\u00e9\\/","n":12345678901234567890,"m":-0.0}')] },
        { calls: [call("functions.x:0", '{"q":"empty"}')] },
        { say: "ok" },
      ],
    },
    {
      user: "/reset everything",
      replies: [
        {
          calls: [
            call(longId, '{"q":"fail"}'),
            call("b.2", '{"amount":"2"}', "book"),
            call("b.3", "{}", "book"),
          ],
        },
        { say: "[[reply_to_current]] fine" },
      ],
    },
    { user: "   ", replies: [{ calls: [call("call_8-aB", '{"q":"long"}')] }, { say: "NO_REPLY" }] },
    {
      user: "Current time: noon\n[Inter-session message] <<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>",
      replies: [{ say: "\n\n", calls: [call("call_9", '{\n "q": "a\\nb"\n}')] }, { say: "HEARTBEAT_OK" }],
    },
    { user: "reason", replies: [{ say: "I will do it now.", reasoning: "hm" }] },
    { user: "again", replies: [{ say: "MEDIA:/tmp/x.png\nlook" }] },
    { user: "bye", replies: [{ say: "cut", finish: "length" }] },
  ];
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
    expect(turn).toEqual({ status: "answered", text: replies.at(-1)?.say });
  }
  const requests = rig.model.of("exact-1");
  expect(requests.map(({ body }) => body.messages)).toEqual(expected);
  for (const { body } of requests) expect(JSON.stringify(body["tools"])).toBe(toolsText);
  expect(session.promptMisses()).toBe(0);
  const called = turns.flatMap(({ replies }) => replies.flatMap(({ calls }) => calls ?? []));
  const served = rig.tools.calls.filter(({ attemptKey }) => attemptKey === "exact-1");
  expect(
    served.map(({ toolCallId, name, arguments: text }) => ({ id: toolCallId, name, arguments: text })),
  ).toEqual(called);
}, 120_000);

test("tool factory: two sessions at once keep their own tools, endpoints and history", async () => {
  const replies: ScriptedReply[] = [{ calls: [call("c", '{"q":1.0}')] }, { say: "a1" }, { say: "a2" }];
  const others: ScriptedReply[] = [
    { calls: [call("c", '{"q":2.0}', "refuel")] },
    { say: "b1" },
    { say: "b2" },
  ];
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
      ...history(replies[0] as never),
      { role: "assistant", content: "a1" },
      { role: "user", content: "two" },
    ],
    [
      { role: "system", content: policy },
      { role: "user", content: "uno" },
      ...history(others[0] as never),
      { role: "assistant", content: "b1" },
      { role: "user", content: "dos" },
    ],
  ]);
});

const overflow = "Requested token count exceeds the model's maximum context length of 32768 tokens.";
const failures: readonly { readonly name: string; readonly reply: ScriptedReply; readonly turn: unknown }[] =
  [
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
    expect(await rig.oneTurn({ key, replies: [reply, { say: "a second request" }] })).toEqual(turn);
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

test("tool server gone: the turn ends with its own kind", async () => {
  await using session = await rig.open({
    key: "gone-1",
    replies: [{ calls: [call("c1", "{}")] }, { say: "no" }],
  });
  await using nobody = await rig.open({ key: "gone-2", replies: [] });
  expect(nobody.promptMisses()).toBe(0);
  await expect(
    rig.driver.openSession({
      ...rig.register({ key: "gone-3", replies: [] }),
      attemptKey: "never-registered",
    }),
  ).rejects.toThrow(/never-registered/);
  expect(await session.turn("x", quiet)).toEqual({ status: "answered", text: "no" });
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
    message: "OpenClaw process openclaw-0 is gone: SIGKILL",
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
