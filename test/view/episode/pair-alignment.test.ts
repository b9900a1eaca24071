import * as fc from "fast-check";
import { expect, test } from "vitest";
import { alignConversations, whatDiffers } from "../../../bench/view/episode/pair-alignment.ts";
import { shownTurns, type StoredMessage } from "../../../bench/view/episode/shown-turns.ts";

type Spoken = Exclude<StoredMessage, { role: "tool" }>;
const user = (content: string): Spoken => ({
  role: "user",
  content,
  toolCalls: null,
  requestId: null,
  usage: null,
});
const assistant = (content: string): Spoken => ({ ...user(content), role: "assistant" });
const calls = (name: string, given: string, id: string): Spoken => ({
  ...assistant(""),
  content: null,
  toolCalls: [{ id, name, arguments: given }],
});
const result = (toolCallId: string, content: string): StoredMessage => ({
  role: "tool",
  toolCallId,
  content,
  error: false,
  requestor: "assistant",
  answeredBy: "tool-server",
});
const turns = (messages: readonly StoredMessage[]) =>
  shownTurns(messages, { requests: [], toolRuns: [], rows: [] });
const aligned = (left: readonly StoredMessage[], right: readonly StoredMessage[]) =>
  alignConversations(turns(left), turns(right)).map(({ turn, left, right, equal }) => [
    turn,
    left?.index ?? null,
    right?.index ?? null,
    equal,
  ]);

test("ids of calls are given anew and make no difference; the first that differs is found", () => {
  const left = [user("hi"), calls("find", "{}", "call_1"), result("call_1", "3"), assistant("three")];
  const right = [user("hi"), calls("find", "{}", "call_9"), result("call_9", "4"), assistant("four")];
  expect(aligned(left, right)).toEqual([
    [1, 0, 0, true],
    [1, 1, 1, true],
    [1, 2, 2, false],
    [1, 3, 3, false],
  ]);
});

test("a call that only one arm makes stands alone, and what follows is beside its like again", () => {
  const left = [user("hi"), calls("find", "{}", "a"), result("a", "3"), assistant("three")];
  const right = [user("hi"), calls("login", "{}", "x"), result("x", "ok"), ...left.slice(1)];
  expect(aligned(left, right)).toEqual([
    [1, 0, 0, true],
    [1, null, 1, false],
    [1, null, 2, false],
    [1, 1, 3, true],
    [1, 2, 4, true],
    [1, 3, 5, true],
  ]);
});

test("turns are beside turns, however many messages one has on either side", () => {
  const left = [user("hi"), assistant("a"), user("more"), assistant("b")];
  const right = [
    user("hi"),
    calls("find", "{}", "a"),
    result("a", "3"),
    assistant("a"),
    user("more"),
    assistant("c"),
    user("and"),
    assistant("d"),
  ];
  const rows = aligned(left, right);
  expect(rows.filter(([turn]) => turn === 2)).toEqual([
    [2, 2, 4, true],
    [2, 3, 5, false],
  ]);
  expect(rows.filter(([turn]) => turn === 3)).toEqual([
    [3, null, 6, false],
    [3, null, 7, false],
  ]);
});

test.each<[what: string, StoredMessage, StoredMessage]>([
  ["the arguments of f", calls("f", "{}", "a"), calls("f", "{ }", "a")],
  ["which tool is called", calls("f", "{}", "a"), calls("g", "{}", "a")],
  ["how many tools are called", calls("f", "{}", "a"), assistant("")],
  ["the reasoning", assistant("a"), { ...assistant("a"), reasoning: "hm" }],
  ["whether the tool failed", result("a", "x"), { ...result("a", "x"), error: true } as StoredMessage],
  ["whose call it answers", result("a", "x"), { ...result("a", "x"), requestor: "user" } as StoredMessage],
  ["who speaks", user("a"), assistant("a")],
])("%s", (what, left, right) => {
  expect(differenceOf(left, right)).toBe(what);
});

test("an empty text beside calls is one that is absent", () => {
  expect(differenceOf(calls("f", "{}", "a"), { ...calls("f", "{}", "b"), content: "" })).toBeNull();
});

function differenceOf(left: StoredMessage, right: StoredMessage): string | null {
  const [[one], [other]] = [turns([left]), turns([right])];
  return whatDiffers(one!.messages[0]!, other!.messages[0]!);
}

test("every message of both sides is there once and in its order", () => {
  const message = fc.constantFrom(
    user("a"),
    user("b"),
    assistant("a"),
    assistant("b"),
    calls("f", "{}", "i"),
    result("i", "x"),
    result("i", "y"),
  );
  const conversation = fc.array(message, { maxLength: 30 });
  fc.assert(
    fc.property(conversation, conversation, (left, right) => {
      const rows = aligned(left, right);
      expect(rows.flatMap(([, at]) => at ?? [])).toEqual([...left.keys()]);
      expect(rows.flatMap(([, , at]) => at ?? [])).toEqual([...right.keys()]);
      const same = aligned(left, left);
      expect(same.every(([, , , equal]) => equal)).toBe(true);
    }),
  );
});
