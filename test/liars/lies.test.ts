import { expect, test } from "vitest";
import { armSchema } from "../../bench/config/arm-schema.ts";
import type { Chat, Chunk } from "./lie.ts";
import { lies } from "./lies.ts";
import { requestLies } from "./request-lies.ts";
import { answerLies } from "./answer-lies.ts";
import { harmless } from "./harmless.ts";

const text = "Hello [ref library/renew-one/0]. M1002’s loan of a book is due in 2026 – is it?";
const call = {
  id: "call_a1",
  type: "function",
  function: { name: "find_loan", arguments: '{"loan": "L301"}' },
};
const tool = (name: string) => ({
  type: "function",
  function: {
    name,
    description: "Finds a loan by its number, or says that there is none of that number.",
    parameters: { type: "object", required: ["loan"] },
  },
});
const chat: Chat = {
  model: "m",
  messages: [
    { role: "system", content: "You are at the desk of a library. Renew what may be renewed." },
    { role: "user", content: text },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "call_a1", content: '{"loan": "L301", "due": "2026-04-02"}' },
    { role: "assistant", content: "It is." },
    { role: "user", content: "Thanks." },
  ],
  tools: [tool("find_loan"), tool("renew_loan")],
  tool_choice: "auto",
  temperature: 0,
  top_p: 1,
  max_tokens: 2048,
  seed: 170_017,
  stream: true,
};
const chunks: readonly Chunk[] = [
  { choices: [{ index: 0, delta: { content: "The loan " }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { content: "is due in 2026. " }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
];

test("every lie has a name of its own that is a name for an arm", () => {
  const names = lies.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !armSchema.safeParse({ kind: "null-proxy", name }).success)).toEqual([]);
});

test.each(requestLies)("$name is another request", ({ lie }) => {
  const sent = JSON.stringify(chat);
  const told = JSON.stringify((lie.request ?? ((same) => same))(chat));
  expect((lie.text ?? String)(told)).not.toBe(sent);
});

/** Of the lies that are told now and then, the tenth answer is enough. */
test.each(answerLies.filter(({ lie }) => lie.events !== undefined))("$name is another answer", ({ lie }) => {
  const answers = Array.from({ length: 10 }, () => {
    const change = lie.events?.() ?? ((chunk: Chunk) => [chunk]);
    return chunks.flatMap(change);
  });
  expect(answers).not.toEqual(answers.map(() => chunks));
});

test("of each kind there are twenty lies and more, and as many things that are none", () => {
  const counts = [requestLies, answerLies, harmless].map((rows) => rows.length >= 20);
  expect([...counts, lies.length >= 100]).toEqual([true, true, true, true]);
});
