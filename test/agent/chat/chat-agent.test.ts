import { expect, test } from "vitest";
import { chat } from "../../../bench/agent/chat/agent.ts";
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
