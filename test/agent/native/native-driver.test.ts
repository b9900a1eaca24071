import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import { NativeDriver } from "../../../bench/agent/native/driver.ts";
import { startToolServer } from "../../../bench/tools/server.ts";
import { answerStream, startEndpoint, type Script, type ScriptedAnswer } from "../model/scripted-endpoint.ts";

const planted = new URL("../../tools/planted-tools.ts", import.meta.url);

/** A real tool server, a scripted model endpoint, and a native session between them. */
async function openSession(answers: readonly ScriptedAnswer[] | Script, changes = {}) {
  const stack = new AsyncDisposableStack();
  const scratchDirectory = await mkdtemp(join(tmpdir(), "native-"));
  stack.defer(() => rm(scratchDirectory, { recursive: true, force: true }));
  const script: Script =
    typeof answers === "function"
      ? answers
      : (response, _, index) => answerStream(response, answers[index] ?? {});
  const endpoint = stack.use(await startEndpoint(script));
  const toolServer = stack.use(await startToolServer({ scratchDirectory, module: planted, workers: 1 }));
  const settings = {
    limits: { maxSteps: 200, maxErrors: 10, callTimeoutMs: 5_000 },
    callTimeoutMs: 5_000,
    turnTimeoutMs: 5_000,
    history: [] as readonly TranscriptMessage[],
    ...changes,
  };
  const open = await toolServer.openEpisode({
    episodeId: "e1",
    attemptKey: "a1",
    settings: { name: "planted" },
    taskId: "t1",
    limits: settings.limits,
    session: {
      baseUrl: endpoint.endpoint.baseUrl,
      headers: {},
      sampling: {},
      prompt: "exact",
      greeting: "Hello.",
    },
  });
  const driver = stack.use(new NativeDriver({ tools: toolServer, callTimeoutMs: settings.callTimeoutMs }));
  const session = stack.use(
    await driver.openSession({
      episodeId: "e1",
      attemptKey: "a1",
      endpoint: endpoint.endpoint,
      sampling: { temperature: 0, seed: 7 },
      system: open.opened.policy,
      tools: open.opened.agentToolsJson,
      greeting: "Hello.",
      acceptsArguments: (text) => text.startsWith("{") && text.endsWith("}"),
      turnTimeoutMs: settings.turnTimeoutMs,
      history: settings.history,
    }),
  );
  const bodies = () => endpoint.seen.map(({ body }) => JSON.parse(body) as { messages: unknown[] });
  const dispose = () => stack.disposeAsync();
  return { open, driver, session, bodies, seen: endpoint.seen, [Symbol.asyncDispose]: dispose };
}

const never = new AbortController().signal;
const add = (id: string, by: string) => ({ id, name: "add", arguments: `{ "by":${by} }` });

test("a turn runs the model's tool calls in order and ends with its text", async () => {
  await using world = await openSession([
    { content: "One moment.", calls: [add("c1", "2.0"), add("c2", "5")] },
    { calls: [{ id: "c3", name: "fail", arguments: "{}" }] },
    { content: "It is 7." },
    { content: "Bye." },
  ]);
  expect(await world.session.turn("Add two and five.", never)).toEqual({
    status: "answered",
    text: "It is 7.",
  });
  expect(await world.session.turn("Thanks.", never)).toEqual({ status: "answered", text: "Bye." });
  const toolCall = ({ id, name, arguments: text }: ReturnType<typeof add>) => ({
    id,
    type: "function",
    function: { name, arguments: text },
  });
  expect(world.bodies()[3]).toEqual({
    model: "scripted",
    messages: [
      { role: "system", content: "Count with care. 数" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "Add two and five." },
      {
        role: "assistant",
        content: "One moment.",
        tool_calls: [add("c1", "2.0"), add("c2", "5")].map(toolCall),
      },
      { role: "tool", content: "2", tool_call_id: "c1" },
      { role: "tool", content: "7", tool_call_id: "c2" },
      {
        role: "assistant",
        content: null,
        tool_calls: [toolCall({ id: "c3", name: "fail", arguments: "{}" })],
      },
      { role: "tool", content: "Error: no", tool_call_id: "c3" },
      { role: "assistant", content: "It is 7." },
      { role: "user", content: "Thanks." },
    ],
    tools: JSON.parse(world.open.opened.agentToolsJson) as unknown,
    tool_choice: "auto",
    temperature: 0,
    seed: 7,
    stream: true,
    stream_options: { include_usage: true },
  });
  const identity = world.seen.map(({ headers }) => [
    headers["x-tollgate-request"],
    headers["x-tollgate-episode"],
    headers["x-tollgate-attempt"],
  ]);
  expect(identity).toEqual(["a1-a1", "a1-a2", "a1-a3", "a1-a4"].map((request) => [request, "e1", "a1"]));
  expect(world.open.takeLog().map(({ toolCallId, argumentsText }) => [toolCallId, argumentsText])).toEqual([
    ["c1", '{ "by":2.0 }'],
    ["c2", '{ "by":5 }'],
    ["c3", "{}"],
  ]);
  expect(world.open.counts()).toMatchObject({ agentCalls: 3, errors: 1, steps: 4 });
  expect(world.session.promptMisses()).toBe(0);
});

test("a task's own conversation stands in place of the greeting, without the user's tool calls", async () => {
  const said = (role: "assistant" | "user", content: string | null, calls: { id: string }[] = []) => ({
    role,
    content,
    toolCalls: calls.length === 0 ? null : calls.map(({ id }) => ({ id, name: "look", arguments: "{}" })),
    requestId: null,
    usage: null,
  });
  const result = (requestor: "assistant" | "user", toolCallId: string) =>
    ({
      role: "tool",
      toolCallId,
      content: "seen",
      error: false,
      requestor,
      answeredBy: "tool-server",
    }) as const;
  const history = [
    said("user", "Hi."),
    said("assistant", null, [{ id: "c1" }]),
    result("assistant", "c1"),
    said("assistant", "Look yourself."),
    said("user", null, [{ id: "u1" }]),
    result("user", "u1"),
  ];
  await using world = await openSession([{ content: "Good." }], { history });
  await world.session.turn("I see it.", never);
  expect(world.bodies()[0]!.messages).toEqual([
    { role: "system", content: "Count with care. 数" },
    { role: "user", content: "Hi." },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }],
    },
    { role: "tool", content: "seen", tool_call_id: "c1" },
    { role: "assistant", content: "Look yourself." },
    { role: "user", content: "I see it." },
  ]);
});

const failures: readonly {
  readonly answer: ScriptedAnswer;
  readonly kind: string;
  readonly message: string;
}[] = [
  {
    answer: { calls: [add("c1", "1"), { id: "c2", name: "add", arguments: '{"by":' }] },
    kind: "malformed_tool_arguments",
    message: 'The model called add with {"by":',
  },
  {
    answer: { calls: [{ id: "c1", name: "add", arguments: "[1]" }] },
    kind: "malformed_tool_arguments",
    message: "The model called add with [1]",
  },
  { answer: {}, kind: "empty_message", message: "The model said nothing (finish reason stop)." },
];

test.for(failures)(
  "the model's failure $kind ends the turn before any call",
  async ({ answer, kind, message }) => {
    await using world = await openSession([answer]);
    expect(await world.session.turn("Go.", never)).toEqual({ status: "agent-error", kind, message });
    expect(world.open.takeLog()).toEqual([]);
  },
);

test("an endpoint that fails makes the model unavailable", async () => {
  await using world = await openSession((response) => {
    response.statusCode = 500;
    response.end("boom");
  });
  expect(await world.session.turn("Go.", never)).toEqual({
    status: "model-unavailable",
    message: expect.stringContaining("answered with status 500: boom"),
    requestId: "a1-a1",
  });
  expect(world.seen).toHaveLength(1);
});

test("a model that hangs is unavailable after the call's time, the turn over after its own", async () => {
  await using slowCall = await openSession(() => undefined, { callTimeoutMs: 100 });
  expect(await slowCall.session.turn("Go.", never)).toMatchObject({ status: "model-unavailable" });
  await using slowTurn = await openSession(() => undefined, { turnTimeoutMs: 100 });
  expect(await slowTurn.session.turn("Go.", never)).toEqual({ status: "timed-out", afterMs: 100 });
});

test("an abort ends the turn, also between two tool calls", async () => {
  const controller = new AbortController();
  await using world = await openSession([{ calls: [add("c1", "1")] }], {
    limits: { maxSteps: 2, maxErrors: 10, callTimeoutMs: 5_000 },
  });
  const stop = AbortSignal.any([controller.signal, world.open.limitSignal]);
  expect(await world.session.turn("Go.", stop)).toEqual({ status: "aborted" });
  expect(world.open.counts()).toMatchObject({ agentCalls: 1, limit: "max_steps" });
});

test("a turn does not wait for a tool longer than its own time", async () => {
  const call = { id: "c1", name: "wait", arguments: '{"ms":1500}' };
  const limits = { maxSteps: 9, maxErrors: 9, callTimeoutMs: 10_000 };
  const times = { turnTimeoutMs: 200, callTimeoutMs: 10_000, limits };
  await using world = await openSession([{ calls: [call] }], times);
  expect(await world.session.turn("Go.", never)).toEqual({ status: "timed-out", afterMs: 200 });
  expect(world.open.takeLog()).toEqual([]);
});

test("a call that the limit refuses ends the turn when nobody aborts it", async () => {
  const round = { calls: [add("c1", "1")] };
  await using world = await openSession([round, round], {
    limits: { maxSteps: 2, maxErrors: 10, callTimeoutMs: 5_000 },
  });
  expect(await world.session.turn("Go.", never)).toMatchObject({ status: "agent-error", kind: "limit" });
});

test("a lost tool worker is no failure of the agent: the turn throws", async () => {
  await using world = await openSession([{ calls: [{ id: "c1", name: "exit", arguments: "{}" }] }]);
  await expect(world.session.turn("Go.", never)).rejects.toMatchObject({ code: "TOLLGATE_TOOL_CONNECTION" });
});

test("its event-loop load is the share of time since the last look", async () => {
  await using world = await openSession([]);
  const [pressure] = await world.driver.eventLoopLoad();
  expect(pressure).toEqual({ process: "native", eventLoopUtilization: expect.any(Number) });
  expect(pressure!.eventLoopUtilization).toBeGreaterThan(0);
  expect(pressure!.eventLoopUtilization).toBeLessThanOrEqual(1);
});

test("a session that is not registered cannot be opened", async () => {
  await using world = await openSession([]);
  const request = {
    episodeId: "e2",
    attemptKey: "a2",
    endpoint: { role: "agent", baseUrl: "http://127.0.0.1:1/v1", model: "m", apiKey: "k", headers: {} },
    sampling: {},
    system: "s",
    tools: "[]",
    greeting: null,
    acceptsArguments: () => true,
    turnTimeoutMs: 1,
  } as const;
  await expect(world.driver.openSession(request)).rejects.toMatchObject({ reason: "unknown-session" });
});
