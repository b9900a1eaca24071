import { expect, test } from "vitest";
import { chat } from "../../../bench/agent/chat/agent.ts";
import { ChatSession } from "../../../bench/agent/chat/session.ts";
import { ChatClient } from "../../../bench/agent/model/chat-client.ts";
import type { ToolCallRequest } from "../../../bench/tools/client.ts";
import type { CallReply } from "../../../bench/tools/protocol.ts";
import { answerStream, startEndpoint, type ScriptedAnswer } from "../model/scripted-endpoint.ts";

const never = new AbortController().signal;

async function openSession(answer: ScriptedAnswer, changes: { turnTimeoutMs?: number } = {}) {
  const stack = new AsyncDisposableStack();
  const endpoint = stack.use(await startEndpoint((response) => answerStream(response, answer)));
  const driver = stack.use(
    await chat.start(
      { kind: "chat" },
      {
        scratchDirectory: "/nowhere",
        logDirectory: "/nowhere",
        cacheDirectory: "/nowhere",
        childEnvironment: {},
        environment: {},
        concurrencyMax: 1,
        model: "m",
        contextWindow: 1,
        maxTokens: 1,
        callTimeoutMs: 5_000,
        turnTimeoutMs: 5_000,
        startTimeoutMs: 5_000,
        tools: null,
        signal: never,
        progress: () => undefined,
      },
    ),
  );
  const session = stack.use(
    await driver.openSession({
      episodeId: "e1",
      attemptKey: "a1",
      endpoint: endpoint.endpoint,
      sampling: { temperature: 0, seed: 7 },
      system: "Repeat.",
      tools: "[]",
      greeting: null,
      acceptsArguments: () => false,
      turnTimeoutMs: changes.turnTimeoutMs ?? 5_000,
    }),
  );
  return { endpoint, driver, session, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("an episode is one request without tools, named as every agent names its requests", async () => {
  await using world = await openSession({ content: "word" });
  expect(await world.session.turn("Say word.", never)).toEqual({ status: "answered", text: "word" });
  const [seen] = world.endpoint.seen;
  expect(JSON.parse(seen?.body ?? "")).toEqual({
    model: world.endpoint.endpoint.model,
    messages: [
      { role: "system", content: "Repeat." },
      { role: "user", content: "Say word." },
    ],
    temperature: 0,
    seed: 7,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(seen?.headers).toMatchObject({
    "x-tollgate-request": "a1-a1",
    "x-tollgate-episode": "e1",
    "x-tollgate-attempt": "a1",
  });
});

test("a second turn is refused, and asks the model nothing", async () => {
  await using world = await openSession({ content: "word" });
  await world.session.turn("Say word.", never);
  const second = await world.session.turn("Again.", never);
  expect(second).toMatchObject({ status: "agent-error", kind: "second_turn" });
  expect(world.endpoint.seen).toHaveLength(1);
});

test("silence is the model's failure, an abort is nobody's", async () => {
  await using silent = await openSession({ content: "" });
  expect(await silent.session.turn("Say word.", never)).toMatchObject({ kind: "empty_message" });
  await using aborted = await openSession({ content: "word" });
  expect(await aborted.session.turn("Say word.", AbortSignal.abort())).toEqual({ status: "aborted" });
});

test("calls of the one answer are made in order, and nothing is asked after them", async () => {
  const calls = [
    { id: "c1", name: "add", arguments: '{"a":1}' },
    { id: "c2", name: "add", arguments: "{}" },
  ];
  await using world = await openCallSession({ content: "I add.", calls });
  expect(await world.session.turn("Add.", never)).toEqual({ status: "answered", text: "I add." });
  expect(world.made).toEqual([
    { token: "t", name: "add", argumentsText: '{"a":1}', toolCallId: "c1", requestId: "a1-a1" },
    { token: "t", name: "add", argumentsText: "{}", toolCallId: "c2", requestId: "a1-a1" },
  ]);
  expect(world.endpoint.seen).toHaveLength(1);
  expect(JSON.parse(world.endpoint.seen[0]?.body ?? "")).toMatchObject({ tools: [{ type: "function" }] });
});

test("a call whose arguments are no object is the model's failure, and none of its answer is made", async () => {
  const calls = [
    { id: "c1", name: "add", arguments: "{}" },
    { id: "c2", name: "add", arguments: '{"a":' },
  ];
  await using world = await openCallSession({ calls });
  expect(await world.session.turn("Add.", never)).toMatchObject({ kind: "malformed_tool_arguments" });
  expect(world.made).toEqual([]);
});

test("a tool that does not answer is waited for as long as the turn lasts", async () => {
  const calls = [{ id: "c1", name: "add", arguments: "{}" }];
  await using world = await openCallSession({ calls }, () => new Promise(() => undefined));
  expect(await world.session.turn("Add.", never)).toEqual({ status: "timed-out", afterMs: 700 });
});

test("chat takes work of calls, and no other work with tools", () => {
  const uses = (["none", "served", "workspace", "calls"] as const).map(
    (supply) => chat.describe({ kind: "chat" }, supply).usesTools,
  );
  expect(uses).toEqual([false, false, false, true]);
});

/** A session that is offered one tool, by a client that only writes down what it is asked for. */
async function openCallSession(
  answer: ScriptedAnswer,
  reply: () => Promise<CallReply> = async () => ({ id: 1, ok: true, content: "", error: false }),
) {
  const stack = new AsyncDisposableStack();
  const endpoint = stack.use(await startEndpoint((response) => answerStream(response, answer)));
  const client = stack.use(new ChatClient());
  const made: ToolCallRequest[] = [];
  const tools = {
    call: (request: ToolCallRequest) => {
      made.push(request);
      return reply();
    },
    [Symbol.dispose]: () => undefined,
  };
  const request = {
    episodeId: "e1",
    attemptKey: "a1",
    endpoint: endpoint.endpoint,
    sampling: {},
    system: "",
    tools: JSON.stringify([{ type: "function", function: { name: "add", parameters: { type: "object" } } }]),
    greeting: null,
    acceptsArguments: (text: string) => text.endsWith("}"),
    turnTimeoutMs: 700,
  };
  const calls = { client: tools, token: "t" };
  const session = stack.use(new ChatSession({ client, request, callTimeoutMs: 5_000, calls }));
  return { endpoint, made, session, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
