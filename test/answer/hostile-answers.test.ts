import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";

const deep = (space: string) => `{"a":${"[".repeat(50_000)}1${space}${"]".repeat(50_000)}}`;
const call = (id: string, argumentsText: string) => ({
  id,
  type: "function",
  function: { name: "f", arguments: argumentsText },
});
const whole = (calls: readonly object[]) =>
  JSON.stringify({
    choices: [{ message: { content: null, tool_calls: calls }, finish_reason: "tool_calls" }],
  });

test("calls without an end are read up to a bound, and the answer is one that cannot be read", () => {
  const { calls, unreadable } = readAnswer(
    whole(Array.from({ length: 5_000 }, (_, at) => call(`c${at}`, "{}"))),
  );
  expect(calls).toHaveLength(1_024);
  expect(unreadable).toEqual({ count: 1, first: "more than 1024 calls, of which the others were left out" });
});

test("arguments that are nested too deeply to be compared are read as they came", () => {
  const { calls } = readAnswer(whole([call("a", deep("")), call("a", deep(" "))]));
  expect(calls.map(({ argumentsText }) => argumentsText)).toEqual([deep(""), deep(" ")]);
});

test("arguments that come in pieces which look like objects are not compared for ever", () => {
  const piece = (index: number, argumentsText: string, id?: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index, ...(id && { id }), function: { ...(id && { name: "f" }), arguments: argumentsText } }] } }] })}\n\n`;
  const text = piece(0, '{"a":"', "x") + piece(0, "{}").repeat(20_000) + piece(0, '"}');
  const [made] = readAnswer(`${text}data: [DONE]\n\n`).calls;
  expect(made?.argumentsText).toBe(`{"a":"${"{}".repeat(20_000)}"}`);
});
