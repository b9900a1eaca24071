import { expect, test } from "vitest";
import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import { ChatClient } from "../../../bench/agent/model/chat-client.ts";
import { ModelError } from "../../../bench/agent/model/model-error.ts";
import { UserSimulator } from "../../../openclaw-tau2/user/user-simulator.ts";
import {
  answerJson,
  startEndpoint,
  type ScriptedAnswer,
  type Script,
} from "../../agent/model/scripted-endpoint.ts";

const toolsJson = '[{"type":"function","function":{"name":"toggle_data","parameters":{}}}]';

async function simulate(answers: readonly ScriptedAnswer[] | Script, tools: string | null = null) {
  const script: Script =
    typeof answers === "function"
      ? answers
      : (response, _, index) => answerJson(response, answers[index] ?? {});
  const endpoint = await startEndpoint(script);
  const client = new ChatClient();
  const user = new UserSimulator({
    client,
    endpoint: { ...endpoint.endpoint, role: "user" },
    systemPrompt: "You are Ada.",
    toolsJson: tools,
    reference: "library/overdue%20fee/0",
    attemptKey: "a1",
    sampling: { temperature: 0, seed: 626_729 },
    callTimeoutMs: 5_000,
  });
  const next = (history: readonly TranscriptMessage[]) => user.next(history, new AbortController().signal);
  const bodies = () => endpoint.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const dispose = async () => {
    await client[Symbol.asyncDispose]();
    await endpoint[Symbol.asyncDispose]();
  };
  return { user, next, bodies, seen: endpoint.seen, [Symbol.asyncDispose]: dispose };
}

const greeting: TranscriptMessage = {
  role: "assistant",
  content: "Hello.",
  toolCalls: null,
  requestId: null,
  usage: null,
};
const call = { id: "c1", name: "toggle_data", arguments: '{"gb":2.0}' };
const usage = { promptTokens: 10, completionTokens: 30, cachedTokens: 4 };

test("the first request shows the greeting as the other side's, with identity and pinned sampling", async () => {
  await using simulation = await simulate([{ content: "My card is blocked." }]);
  expect(await simulation.next([greeting])).toEqual({
    role: "user",
    content: "My card is blocked.",
    toolCalls: null,
    requestId: "a1-u1",
    usage,
  });
  expect(simulation.seen[0]!.headers).toMatchObject({
    "x-tollgate-ref": "library/overdue%20fee/0",
    "x-tollgate-request": "a1-u1",
    "x-tollgate-attempt": "a1",
    "x-tollgate-episode": "e1",
  });
  expect(simulation.bodies()).toEqual([
    {
      model: "scripted",
      messages: [
        { role: "system", content: "You are Ada." },
        { role: "user", content: "Hello." },
      ],
      temperature: 0,
      seed: 626_729,
      stream: false,
    },
  ]);
});

test("roles are flipped, the agent's tool rounds are hidden, the user's own are kept", async () => {
  await using simulation = await simulate([{ content: "Bye. ###STOP###" }], toolsJson);
  const said = (
    role: "assistant" | "user",
    content: string | null,
    calls: (typeof call)[] | null = null,
  ) => ({
    role,
    content,
    toolCalls: calls,
    requestId: null,
    usage: null,
  });
  const result = (requestor: "assistant" | "user", toolCallId: string, content: string) =>
    ({ role: "tool", toolCallId, content, error: false, requestor, answeredBy: "tool-server" }) as const;
  await simulation.next([
    greeting,
    said("user", "It is slow."),
    said("assistant", "Let me look.", [{ ...call, id: "agent-1" }]),
    result("assistant", "agent-1", "secret"),
    said("assistant", "Please toggle your data."),
    said("user", null, [call]),
    result("user", "c1", "Data is on."),
    said("user", "Done."),
    said("assistant", "Anything else?"),
  ]);
  expect(simulation.bodies()[0]).toMatchObject({
    tool_choice: "auto",
    tools: JSON.parse(toolsJson) as unknown,
    messages: [
      { role: "system", content: "You are Ada." },
      { role: "user", content: "Hello." },
      { role: "assistant", content: "It is slow." },
      { role: "user", content: "Please toggle your data." },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "toggle_data", arguments: '{"gb":2.0}' } },
        ],
      },
      { role: "tool", content: "Data is on.", tool_call_id: "c1" },
      { role: "assistant", content: "Done." },
      { role: "user", content: "Anything else?" },
    ],
  });
});

test("tool calls come back as the user's, and usage is summed over requests", async () => {
  await using simulation = await simulate([{ calls: [call] }, { content: "ok" }], toolsJson);
  expect(simulation.user.usage()).toEqual({
    requests: 0,
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
  });
  expect(await simulation.next([greeting])).toEqual({
    role: "user",
    content: null,
    toolCalls: [call],
    requestId: "a1-u1",
    usage,
  });
  expect((await simulation.next([greeting])).requestId).toBe("a1-u2");
  expect(simulation.user.usage()).toEqual({
    requests: 2,
    promptTokens: 20,
    completionTokens: 60,
    cachedTokens: 8,
  });
});

test("a user that says nothing and an endpoint that fails are errors of the model", async () => {
  await using mute = await simulate([{ content: "" }]);
  await expect(mute.next([greeting])).rejects.toBeInstanceOf(ModelError);
  await using broken = await simulate((response) => {
    response.statusCode = 500;
    response.end("boom");
  });
  await expect(broken.next([greeting])).rejects.toBeInstanceOf(ModelError);
  expect(broken.user.usage()).toEqual({
    requests: 1,
    promptTokens: null,
    completionTokens: null,
    cachedTokens: null,
  });
});
