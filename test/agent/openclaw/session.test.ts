import { expect, test } from "vitest";
import { asText } from "../../../bench/agent/openclaw/sent-text.ts";
import { playTurn, Refusal } from "./played-turn.ts";

test("a gateway that answers as it should gives the model's own words", async () => {
  expect(await playTurn({})).toEqual({ status: "answered", text: "done" });
});

const unanswered = { answer: null, failure: null, requests: 1, misses: 0 };
const busy = new Refusal("UNAVAILABLE", "draining");

test.for<[string, Readonly<Record<string, unknown>>, RegExp]>([
  ["an outcome of another shape", { "tollgate.outcome": 7 }, /OpenClaw refused tollgate.outcome/],
  ["a run of another shape", { agent: 7 }, /OpenClaw refused agent/],
  ["a refused turn", { "tollgate.turn": busy }, /refused tollgate.turn: draining \(UNAVAILABLE\)/],
  ["a refused outcome", { "tollgate.outcome": busy }, /refused tollgate.outcome: draining/],
  [
    "a run refused before it asked the model",
    { agent: busy, "tollgate.outcome": { ...unanswered, requests: 0 } },
    /refused agent: draining/,
  ],
])("%s is the agent program's failure, and nobody's score", async ([, changed, message]) => {
  const turn = await playTurn({ "tollgate.outcome": unanswered, ...changed });
  expect(turn).toEqual({ status: "process-died", message: expect.stringMatching(message) });
});

test("a run that is refused behind a request of the model is the agent's own error", async () => {
  expect(await playTurn({ agent: busy, "tollgate.outcome": unanswered })).toMatchObject({
    status: "agent-error",
    kind: "unavailable",
  });
});

test.for([
  ["model", "a-2"],
  ["incomplete_turn", "a-2"],
  ["limit", undefined],
] as const)("a turn that failed by %s names the request %s", async ([kind, requestId]) => {
  const outcome = { answer: null, failure: { kind, message: "nothing" }, requests: 2, misses: 0 };
  const turn = await playTurn({ "tollgate.outcome": outcome });
  expect("requestId" in turn ? turn.requestId : undefined).toBe(requestId);
});

test.each([
  ["", true],
  [" \n", true],
  ["/new", true],
  [" /Reset now", true],
  ["/newer", false],
  ["/workspace/a.txt is wrong", false],
  ["Say /new", false],
])("%j is given to OpenClaw so that it is no command: altered %j", (text, altered) => {
  expect(asText(text)).toBe(altered ? `\u2060${text}` : text);
});
