import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TappedExchange, SeenRequest } from "../../../bench/view/episode/episode-requests.ts";
import { waterfallRows, type WaterfallRow } from "../../../bench/view/episode/waterfall.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

const ms = 1e6;
const seen = (changes: Partial<TappedExchange>): TappedExchange => ({
  ...buildTiming(changes),
  longestPauseNs: null,
  occurrence: 0,
  ...changes,
});
const inner = (from: number, first: number | null, to: number) =>
  seen({
    hop: "inner",
    startedNs: from * ms,
    firstTokenNs: first === null ? null : first * ms,
    endedNs: to * ms,
  });
const request = (...reached: readonly TappedExchange[]): SeenRequest => ({
  side: "agent",
  outer: seen({ startedNs: 0, firstTokenNs: 30 * ms, endedNs: 100 * ms }),
  inner: reached,
  method: reached.length === 0 ? null : "request-id",
});
const parts = ({ parts }: WaterfallRow) =>
  parts.map(({ stretch, startedNs, endedNs }) => `${stretch} ${startedNs / ms}-${endedNs / ms}`).join(", ");
const rowOf = (one: SeenRequest, stages?: { queueMs: number | null }) =>
  waterfallRows(
    [one],
    [],
    new Map(stages === undefined ? [] : [[one, { prefillMs: null, decodeMs: null, said: "", ...stages }]]),
  )[0]!;

test.each<[string, readonly TappedExchange[], number | null | undefined]>([
  ["path 0-5, firstToken 5-25, decode 25-90, path 90-100", [inner(5, 25, 90)], undefined],
  ["path 0-5, queue 5-17, prefill 17-25, decode 25-90, path 90-100", [inner(5, 25, 90)], 12],
  ["path 0-5, prefill 5-25, decode 25-90, path 90-100", [inner(5, 25, 90)], 0],
  // It ended after the first token, so it is not this one's.
  ["path 0-5, firstToken 5-25, decode 25-90, path 90-100", [inner(5, 25, 90)], 21],
  ["path 0-5, firstToken 5-25, decode 25-90, path 90-100", [inner(5, 25, 90)], null],
  ["path 0-5, engine 5-90, path 90-100", [inner(5, null, 90)], undefined],
  [
    "path 0-5, engine 5-20, path 20-30, firstToken 30-40, decode 40-90, path 90-100",
    [inner(5, null, 20), inner(30, 40, 90)],
    3,
  ],
  ["call 0-100", [], undefined],
  ["path 0-5, firstToken 5-25, decode 25-120", [inner(5, 25, 120)], undefined],
])("%s", (expected, reached, queueMs) => {
  expect(parts(rowOf(request(...reached), queueMs === undefined ? undefined : { queueMs }))).toBe(expected);
});

test("the first token is a mark of its own only where no part ends there", () => {
  expect(rowOf(request()).firstTokenNs).toBe(30 * ms);
  expect(rowOf(request(inner(5, 25, 90))).firstTokenNs).toBeNull();
});

test("rows are in order of start and numbered by kind; a tool waits before it runs", () => {
  const tool = {
    toolCallId: "c",
    name: "find",
    requestor: "assistant",
    error: true,
    receivedNs: 110 * ms,
    startedNs: 112 * ms,
    endedNs: 120 * ms,
  };
  const user: SeenRequest = {
    ...request(),
    side: "user",
    outer: seen({ hop: "user", startedNs: 130 * ms, endedNs: 140 * ms }),
  };
  const failed = { ...request(), outer: seen({ startedNs: 150 * ms, endedNs: 160 * ms, status: 500 }) };
  const rows = waterfallRows([request(), user, failed], [tool], new Map());
  expect(rows.map((row) => `${row.kind} ${row.number}${row.failed ? " failed" : ""}: ${parts(row)}`)).toEqual(
    [
      "agent 1: call 0-100",
      "tool 1 failed: toolWait 110-112, tool 112-120",
      "user 1: user 130-140",
      "agent 2 failed: call 150-160",
    ],
  );
});

test("the parts of a request cover its whole time once, wherever its requests to the engine lie", () => {
  const edges = fc
    .uniqueArray(fc.integer({ min: 0, max: 100 }), { maxLength: 12 })
    .map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(edges, fc.boolean(), fc.option(fc.integer({ min: 0, max: 60 })), (all, streamed, queueMs) => {
      const reached = Array.from({ length: Math.floor(all.length / 3) }, (_, at) => {
        const [from, first, to] = all.slice(at * 3, at * 3 + 3);
        return inner(from!, streamed ? first! : null, to!);
      });
      const row = rowOf(request(...reached), { queueMs });
      expect(row.parts.at(-1)?.endedNs).toBe(100 * ms);
      for (const [at, part] of row.parts.entries()) {
        expect(part.endedNs).toBeGreaterThan(part.startedNs);
        expect(part.startedNs).toBe(row.parts[at - 1]?.endedNs ?? 0);
      }
    }),
  );
});
