import { expect, test } from "vitest";
import { z } from "zod";
import { agentConversations, bodySizes, sizeOf, turnsOfConversation } from "../../bench/tax/conversations.ts";

const bodySchema = z.object({
  stream: z.literal(true),
  tools: z
    .array(z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }))
    .optional(),
  messages: z.array(
    z.looseObject({
      role: z.enum(["system", "user", "assistant", "tool"]),
      content: z.string().min(1),
      tool_call_id: z.string().optional(),
      tool_calls: z
        .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
        .optional(),
    }),
  ),
});
const bodiesOf = (tools: boolean) =>
  agentConversations({ sizes: bodySizes, count: 6, tools }).map(({ requests }) =>
    requests.map(({ body }) => bodySchema.parse(JSON.parse(body))),
  );

test("every request goes on from the one before it", () => {
  for (const requests of [...bodiesOf(true), ...bodiesOf(false)]) {
    expect(requests).toHaveLength(turnsOfConversation);
    for (const [turn, { messages }] of requests.entries()) {
      const before = requests[turn - 1]?.messages ?? [];
      expect(messages.slice(0, before.length)).toEqual(before);
      expect(messages.length).toBeGreaterThan(before.length);
      // The model is to answer: what is last is not its own.
      expect(["user", "tool"]).toContain(messages.at(-1)?.role);
    }
  }
});

test("each result belongs to the call before it, whose arguments fit a tool that is declared", () => {
  for (const { messages, tools = [] } of bodiesOf(true).flat()) {
    for (const [at, message] of messages.entries()) {
      if (message.role !== "tool") continue;
      const [call] = messages[at - 1]?.tool_calls ?? [];
      expect(message.tool_call_id).toBe(call?.id);
      expect(tools.map((tool) => tool.function.name)).toContain(call?.function.name);
      expect(JSON.parse(call?.function.arguments ?? "")).toHaveProperty("component");
    }
  }
});

test("without tools nothing of them is left, for servers that refuse them", () => {
  const text = JSON.stringify(bodiesOf(false));
  expect(text).not.toMatch(/"tools"|"tool_calls"|"role":"tool"/);
});

test("three sizes in turn, each several times the one before", () => {
  const bytes = agentConversations({ sizes: bodySizes, count: 3, tools: true }).map(
    ({ requests }) => requests.at(-1)?.body.length ?? 0,
  );
  const [small = 0, medium = 0, large = 0] = bytes;
  expect(medium).toBeGreaterThan(2 * small);
  expect(large).toBeGreaterThan(2 * medium);
  expect([0, 1, 2, 3].map((at) => sizeOf(at, bodySizes).name)).toEqual(["small", "medium", "large", "small"]);
});

test("the same form gives the same bytes, and no two conversations are the same", () => {
  const make = () => agentConversations({ sizes: bodySizes, count: 9, tools: true });
  expect(make()).toEqual(make());
  expect(new Set(make().map(({ requests }) => requests.at(-1)?.body)).size).toBe(9);
});
