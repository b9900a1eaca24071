import { expect, test } from "vitest";
import { isSaid, nextTurn, type Before } from "../../../../suites/tasks/attempt/turn-conditions.ts";
import type { ObservedTurn } from "../../../../suites/tasks/contract/observation.ts";
import type { TaskTurn, TurnConditions } from "../../../../suites/tasks/contract/task.ts";
import { call } from "../attempts/fixtures.ts";

const none: TurnConditions = {
  afterAssistantTurns: null,
  whenToolFamily: null,
  whenToolName: null,
  whenAssistantContains: null,
  whenLastToolFailed: false,
};
const turn: ObservedTurn = {
  message: "Do it",
  reply: "I cannot find it",
  assistant: [
    { text: "", calls: 1 },
    { text: "I cannot find it", calls: 0 },
  ],
  status: "answered",
  promptedNs: 0,
  endedNs: 1,
  changedFiles: [],
};
const before: Before = {
  turns: [turn],
  calls: [call("exec", { argumentsText: '{"command":"ls"}', error: true })],
};

test.each<[string, Partial<TurnConditions> | null, boolean]>([
  ["no conditions at all", null, true],
  ["none that is given", {}, true],
  ["as many messages as asked", { afterAssistantTurns: 2 }, true],
  ["fewer messages than asked", { afterAssistantTurns: 3 }, false],
  ["the last tool by a part of its name, in any case", { whenToolName: "EX" }, true],
  ["another tool", { whenToolName: "write" }, false],
  ["words of the last answer", { whenAssistantContains: "can't|CANNOT" }, true],
  ["the last tool by a pattern as Python writes it", { whenToolName: "(?i)^(?P<tool>EXEC)$" }, true],
  [
    "words of the last answer by such a pattern",
    { whenAssistantContains: "(?i)\\bcannot\\Z|find it\\Z" },
    true,
  ],
  ["other words", { whenAssistantContains: "done" }, false],
  ["a failed last call", { whenLastToolFailed: true }, true],
  ["one of two does not hold", { afterAssistantTurns: 1, whenAssistantContains: "done" }, false],
])("a turn with %s", (_, conditions, said) => {
  expect(isSaid(conditions === null ? null : { ...none, ...conditions }, before)).toBe(said);
});

test("where nothing was done yet, nothing holds that asks for something done", () => {
  const nothing = { turns: [], calls: [] };
  for (const asked of [
    { whenToolName: "." },
    { whenToolFamily: "read" },
    { whenLastToolFailed: true },
    { afterAssistantTurns: 1 },
  ])
    expect(isSaid({ ...none, ...asked }, nothing)).toBe(false);
  const fine = { ...before, calls: [call("exec")] };
  expect(isSaid({ ...none, whenLastToolFailed: true }, fine)).toBe(false);
});

const said = (message: string, more: Partial<TaskTurn> = {}): TaskTurn => ({
  message,
  newSession: false,
  expect: null,
  validators: [],
  conditions: null,
  ...more,
});
const never = { conditions: { ...none, whenAssistantContains: "nobody says this" } };

test("a turn that is not said ends its phase, and the next phase begins", () => {
  const turns = [
    said("first"),
    said("only if asked", never),
    said("after it"),
    said("second phase", { newSession: true }),
    said("third phase", { newSession: true, ...never }),
    said("after that"),
  ];
  const order: string[] = [];
  for (let next = nextTurn(turns, 0, before); next !== null; next = nextTurn(turns, next.index + 1, before))
    order.push(next.turn.message);
  expect(order).toEqual(["first", "second phase"]);
});
