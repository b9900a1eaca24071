import { expect, test } from "vitest";
import { withInner } from "../../bench/tap/match-inner.ts";
import type { InnerEnd } from "../../bench/workload/exchange.ts";
import { questionOf } from "../../bench/workload/question.ts";
import { exchange } from "../workload/exchange-builder.ts";

const asks = (text: string) => JSON.stringify({ messages: [{ role: "user", content: text }], seed: 1 });
const outer = (requestId: string, fromNs: number, toNs: number) =>
  exchange({ requestId, startedNs: fromNs, endedNs: toNs, requestBody: asks(requestId) });
const end = (requestId: string, startedNs: number, owner: InnerEnd["owner"] = null): InnerEnd => ({
  requestId,
  startedNs,
  owner,
  status: 500,
  outcome: "completed",
  error: null,
  endedNs: startedNs + 1,
  finishReason: null,
  responseBytes: 0,
  incomplete: null,
  silent: true,
});
const outers = [outer("r1", 0, 10), outer("r2", 20, 30)];

/** Which requests to the engine, by their start, belong to each of the two; uncertain ones in brackets. */
const matched = (...ends: readonly InnerEnd[]) =>
  withInner(outers, ends).map(({ inner = [] }) =>
    inner.map(({ certain, startedNs }) => (certain ? startedNs : [startedNs])),
  );

test.each<[string, InnerEnd[], unknown]>([
  ["by their id", [end("r2", 21), end("r1", 1)], [[1], [21]]],
  ["by their id, in order of start", [end("r1", 5), end("r1", 1)], [[1, 5], []]],
  ["one id at another time", [end("r1", 21)], [[], []]],
  ["between two requests", [end("x", 15)], [[], []]],
  ["of the same attempt with an id of the tap's own, by the time", [end("inner:gw-1", 22)], [[], [22]]],
  ["nameless, and nothing else was open", [end("x", 1, { question: null, alone: true })], [[1], []]],
  [
    "nameless, with the same question",
    [end("x", 21, { question: questionOf(asks("r2")), alone: false })],
    [[], [21]],
  ],
  [
    "nameless, with another question",
    [end("x", 21, { question: questionOf(asks("r1")), alone: false })],
    [[], [[21]]],
  ],
  [
    "nameless and alone, with another question",
    [end("x", 1, { question: "other", alone: true })],
    [[[1]], []],
  ],
  ["nameless, with a rendered prompt", [end("x", 1, { question: null, alone: false })], [[[1]], []]],
  ["without an attempt, by its id", [end("r1", 1, { question: null, alone: false })], [[1], []]],
])("requests to the engine are matched %s", (_, ends, expected) => {
  expect(matched(...ends)).toEqual(expected);
});

test("without any, the exchange stays as it is", () => {
  expect(withInner(outers, [])).toEqual(outers);
});

test("a question is the conversation, however it is written; a body without one asks nothing", () => {
  const spaced = '{ "model": "m", "messages": [ {"role": "user", "content": "r1"} ] }';
  const inParts = '{"messages":[{"content":[{"type":"text","text":"r1"}],"role":"user","name":null}]}';
  expect([questionOf(spaced), questionOf(inParts)]).toEqual([questionOf(asks("r1")), questionOf(asks("r1"))]);
  const called = (text: string, more: object) =>
    questionOf(
      JSON.stringify({
        messages: [
          { role: "assistant", tool_calls: [{ function: { name: "f", arguments: text } }], ...more },
        ],
      }),
    );
  expect(called("{}", { content: null })).toBe(called("{}", {}));
  expect(called("{}", {})).not.toBe(called('{"a":1}', {}));
  expect([questionOf("{}"), questionOf("<html>"), questionOf('{"messages":[]}'), questionOf("null")]).toEqual(
    Array.from({ length: 4 }, () => null),
  );
});
