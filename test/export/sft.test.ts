import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sft } from "../../bench/export/sft.ts";
import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";
import type { Trajectory } from "../../bench/store/record.ts";
import { buildInlined, said, toolResult } from "./inlined-builder.ts";
import { buildCall, buildRecorded } from "./recorded-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-sft-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function exported(...all: readonly InlinedTrajectory[]) {
  const directory = await mkdtemp(join(scratch, "out-"));
  const writer = await sft.open(directory, { style: "concat", discount: 1, verifier: null });
  const refused: (string | null)[] = [];
  for (const one of all) refused.push((await writer.write(one))?.reason ?? null);
  await writer.close();
  const text = await readFile(join(directory, "sft.jsonl"), "utf8");
  const lines = text.split("\n").slice(0, -1);
  return {
    refused,
    lines,
    chats: lines.map((line) => JSON.parse(line) as { messages: Record<string, unknown>[]; tools?: unknown }),
  };
}

const answer = said("assistant", "Yes.", { requestId: "r9" });
const calling = (text: string, id = "c1") =>
  said("assistant", null, { toolCalls: [{ id, name: "get_book", arguments: text }], requestId: "r1" });

test.each<readonly [string, Parameters<typeof buildInlined>[0], string]>([
  ["no reward", { record: { reward: null } }, "unjudged: only passed episodes are examples"],
  ["too small a reward", { record: { reward: 0.9 } }, "not passed: only passed episodes are examples"],
  ["a limit of time", { record: { status: "timed-out" } }, "timed-out: only completed episodes are examples"],
  [
    "a prompt that was changed on its way",
    { record: { labels: ["prompt-rewritten"] } },
    "prompt-rewritten: the model saw other bytes",
  ],
  [
    "an answer cut at its limit",
    { recorded: buildRecorded([buildCall({ finishReason: "length" })]) },
    "an answer was cut at its token limit: it has no end to learn",
  ],
  ["no message", { messages: [] }, "no message of a model is in it"],
  ["a greeting alone", { messages: [said("assistant", "Hi!")] }, "no message of a model is in it"],
  [
    "arguments that are no object",
    { messages: [calling('{"title": '), toolResult("c1", { error: true }), answer] },
    "arguments of a call are no JSON object",
  ],
  [
    "a result of no call",
    { messages: [toolResult("c1"), answer] },
    "a tool result answers no call of the message before it",
  ],
  [
    "a second result of one call",
    { messages: [calling("{}"), toolResult("c1"), toolResult("c1"), answer] },
    "a tool result answers no call of the message before it",
  ],
  [
    "a call without result",
    { messages: [calling("{}"), said("user", "And?"), answer] },
    "a call has no result, and the conversation goes on",
  ],
  [
    "half of a character",
    { messages: [said("user", "\ud83d"), answer] },
    "a text holds half of a surrogate pair, which no tokenizer reads",
  ],
])("an episode with %s is left out, and it is said why", async (_name, parts, reason) => {
  const { refused, lines } = await exported(buildInlined(parts));
  expect(refused).toEqual([reason]);
  expect(lines).toEqual([]);
});

test("a reward that is 1 but for rounding has passed", async () => {
  const { refused } = await exported(buildInlined({ record: { reward: 1 - 1e-9, labels: ["judged"] } }));
  expect(refused).toEqual([null]);
});

test("arguments are objects with the model's own numbers; its own text stands beside them where an object loses it", async () => {
  const messages: Trajectory["messages"] = [
    said("assistant", "One moment.", {
      requestId: "r1",
      toolCalls: [
        { id: "c1", name: "get_book", arguments: '{"title": "Dune"}' },
        { id: "c2", name: "get_book", arguments: '{"n":2.0,"n":3.0}' },
      ],
    }),
    toolResult("c1"),
    toolResult("c2"),
    answer,
  ];
  const { lines, chats } = await exported(buildInlined({ messages }));
  expect(lines[0]).toContain('"function":{"name":"get_book","arguments":{"n":3.0}}');
  expect(chats[0]?.messages[1]).toEqual({
    role: "assistant",
    content: "One moment.",
    tool_calls: [
      { id: "c1", type: "function", function: { name: "get_book", arguments: { title: "Dune" } } },
      { id: "c2", type: "function", function: { name: "get_book", arguments: { n: 3 } } },
    ],
    arguments_text: [null, '{"n":2.0,"n":3.0}'],
    weight: 1,
  });
});

test("reasoning is where templates look for it, and nowhere when there is none", async () => {
  const thought = said("assistant", "Yes.", { requestId: "r1", reasoning: "Dune is in." });
  const { chats } = await exported(buildInlined({ messages: [said("user", "Dune?"), thought, answer] }));
  expect(chats[0]?.messages.slice(2)).toEqual([
    { role: "assistant", content: "Yes.", reasoning_content: "Dune is in.", weight: 1 },
    { role: "assistant", content: "Yes.", weight: 1 },
  ]);
});

test("the simulated user's own tool calls and their results are left out: the agent's model never saw them", async () => {
  const userCall = [{ id: "u1", name: "reset_router", arguments: "{}" }];
  const { chats } = await exported(
    buildInlined({
      messages: [
        said("user", "My line is dead."),
        said("assistant", "Reset the router, please.", { requestId: "r1" }),
        said("user", null, { toolCalls: userCall }),
        toolResult("u1", { requestor: "user" }),
        said("user", "Done."),
        answer,
      ],
    }),
  );
  expect(chats[0]?.messages.map(({ role, content }) => [role, content]).slice(1)).toEqual([
    ["user", "My line is dead."],
    ["assistant", "Reset the router, please."],
    ["user", "Done."],
    ["assistant", "Yes."],
  ]);
});

test("a failed call stays with its error: the model learns from what it read", async () => {
  const content = "Error: there is no such book";
  const messages = [calling('{"title": "?"}'), toolResult("c1", { error: true, content }), answer];
  const { chats } = await exported(buildInlined({ messages }));
  expect(chats[0]?.messages[2]).toEqual({ role: "tool", tool_call_id: "c1", content });
});

test("results of calls that share an id are told apart by their places", async () => {
  const messages = [
    calling("{}", "call_0"),
    toolResult("call_0"),
    calling("{}", "call_0"),
    toolResult("call_0"),
    answer,
  ];
  const { refused, chats } = await exported(buildInlined({ messages }));
  expect(refused).toEqual([null]);
  expect(chats[0]?.messages.map(({ role }) => role).slice(1)).toEqual([
    "assistant",
    "tool",
    "assistant",
    "tool",
    "assistant",
  ]);
});

test("only what a model produced is a target, and a line ends with the last of it", async () => {
  const messages = [said("assistant", "Hi!"), said("user", "Hello."), answer, said("user", "Bye.")];
  const { chats } = await exported(buildInlined({ messages }));
  expect(chats[0]?.messages.map(({ role, weight }) => [role, weight])).toEqual([
    ["system", undefined],
    ["assistant", 0],
    ["user", undefined],
    ["assistant", 1],
  ]);
});

test("a conversation without system message or tools has none in its line: templates tell absent from empty", async () => {
  const whole = buildInlined({ messages: [said("user", "Hello."), answer], system: "" });
  const { chats } = await exported({ ...whole, tools: " [ ]" });
  expect(Object.keys(chats[0] ?? {})).toEqual(["messages"]);
  expect(chats[0]?.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
});
