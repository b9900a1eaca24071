import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sft } from "../../bench/export/sft.ts";
import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";
import { buildInlined, said, toolResult } from "./inlined-builder.ts";

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), "tollgate-sft-"))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function exported(...all: readonly InlinedTrajectory[]) {
  const directory = await mkdtemp(join(scratch, "out-"));
  const writer = await sft.open(directory, { style: "concat", discount: 1 });
  const refused: (string | null)[] = [];
  for (const one of all) refused.push(await writer.write(one));
  await writer.close();
  const text = await readFile(join(directory, "sft.jsonl"), "utf8");
  const lines = text.split("\n").slice(0, -1);
  return {
    refused,
    chats: lines.map((line) => JSON.parse(line) as { messages: Record<string, unknown>[] }),
  };
}

test("only a passed conversation that the model saw as it is written is an example", async () => {
  const { refused, chats } = await exported(
    buildInlined({ record: { reward: null } }),
    buildInlined({ record: { reward: 0.9 } }),
    buildInlined({ record: { reward: 1, labels: ["prompt-rewritten"] } }),
    buildInlined({ record: { reward: 1 - 1e-9, labels: ["judged"] } }),
  );
  expect(refused).toEqual([
    "unjudged: only passed episodes are examples",
    "not passed: only passed episodes are examples",
    "prompt-rewritten: the model saw other bytes",
    null,
  ]);
  expect(chats).toHaveLength(1);
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
      ],
    }),
  );
  expect(chats[0]?.messages.map(({ role, content }) => [role, content]).slice(1)).toEqual([
    ["user", "My line is dead."],
    ["assistant", "Reset the router, please."],
    ["user", "Done."],
  ]);
});

test("a failed call stays with its error: the model learns from what it read", async () => {
  const toolCalls = [{ id: "c1", name: "get_book", arguments: '{"title": ' }];
  const { chats } = await exported(
    buildInlined({
      messages: [
        said("assistant", null, { toolCalls, requestId: "r1" }),
        toolResult("c1", { error: true, content: "Error: arguments are no JSON" }),
        said("assistant", "Sorry.", { requestId: "r2" }),
      ],
    }),
  );
  const [, call, result] = chats[0]?.messages ?? [];
  // What the model wrote, not what a parser made of it.
  expect(call).toMatchObject({
    tool_calls: [{ id: "c1", function: { arguments: '{"title": ' } }],
    weight: 1,
  });
  expect(result).toEqual({ role: "tool", tool_call_id: "c1", content: "Error: arguments are no JSON" });
});

test("only what a model produced is a target", async () => {
  const { chats } = await exported(
    buildInlined({ messages: [said("assistant", "Hi!"), said("assistant", "Hello.", { requestId: "r1" })] }),
  );
  expect(chats[0]?.messages.map(({ weight }) => weight)).toEqual([undefined, 0, 1]);
});
