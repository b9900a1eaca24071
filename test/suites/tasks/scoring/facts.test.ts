import { expect, test } from "vitest";
import { factsOf, planningRatio } from "../../../../suites/tasks/scoring/calls/facts.ts";
import { agentBenchTask } from "../attempts/fixtures.ts";
import { failing, observedCall, observedTurn } from "./observed.ts";

const SECOND_NS = 1_000_000_000;
const at = (seconds: number) => ({ startedNs: seconds * SECOND_NS, endedNs: (seconds + 0.1) * SECOND_NS });

test("the planning ratio is what passed before the first call, over the time of all turns, to three decimals", () => {
  const turns = [
    observedTurn("a", { promptedNs: 10 * SECOND_NS, endedNs: 14 * SECOND_NS }),
    observedTurn("b", { promptedNs: 15 * SECOND_NS, endedNs: 19 * SECOND_NS }),
  ];
  // Calls of one message run side by side, so the first that began need not be the first that was told of.
  const calls = [
    observedCall("exec", { command: "ls" }, at(13.5)),
    observedCall("read", { path: "a" }, at(13)),
  ];
  expect(planningRatio(turns, calls)).toBe(0.375);
  // What passes between two turns is ours: checks run there.
  const late = [observedCall("read", { path: "a" }, at(16))];
  expect(planningRatio(turns, late)).toBe(0.625);
  expect(planningRatio(turns, [])).toBeNull();
  expect(planningRatio([], calls)).toBeNull();
  expect(planningRatio([observedTurn("a", { promptedNs: 5, endedNs: 5 })], calls)).toBeNull();
});

test("facts count what was done, by tool and by kind", () => {
  const calls = [
    observedCall("exec", { command: "rg x" }),
    observedCall("exec", { command: "make" }, failing("no rule")),
    observedCall("exec", { command: "make all" }),
    observedCall("write", { path: "a" }, failing("refused")),
  ];
  const facts = factsOf({
    task: agentBenchTask(),
    turns: [observedTurn("done")],
    calls,
    findings: [],
    crash: null,
    tokens: { prompt: null, completion: 7 },
    modelCalls: 4,
    durationMs: 10_000,
    judgements: {},
    unjudged: {},
  });
  expect(facts).toEqual({
    toolCalls: 4,
    toolCallsByName: { exec: 3, write: 1 },
    toolCallsByFamily: { edit: 1, execute: 2, search: 1 },
    errors: 2,
    planningRatio: 0.1,
    modelCalls: 4,
    tokens: { prompt: null, completion: 7 },
    durationMs: 10_000,
    readBeforeWrite: true,
    recovery: { failedCalls: 2, recoveredCalls: 1 },
  });
});

test("who changes nothing has neither read before nor after", () => {
  const observation = {
    task: agentBenchTask(),
    turns: [],
    calls: [observedCall("read", { path: "a" })],
    findings: [],
  };
  const rest = { crash: null, tokens: { prompt: null, completion: null }, modelCalls: 0, durationMs: 0 };
  expect(factsOf({ ...observation, ...rest, judgements: {}, unjudged: {} }).readBeforeWrite).toBeNull();
});
