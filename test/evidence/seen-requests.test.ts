import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seenRequests } from "../../bench/evidence/seen-requests.ts";
import { buildTiming } from "./tap-builder.ts";

const inner = (changes: Parameters<typeof buildTiming>[0] = {}) =>
  buildTiming({ hop: "inner", startedNs: 2e6, endedNs: 9e6, ...changes });

test("a request that both taps saw is one; the engine's part stands beside it", () => {
  const [outer, behind] = [buildTiming(), inner()];
  expect(seenRequests([behind, outer])).toEqual([{ at: outer, inner: behind, join: "request-id" }]);
});

test("a retry of the gateway is two exchanges behind one request: none of them is called the same", () => {
  const outer = buildTiming();
  const tries = [inner({ endedNs: 4e6, status: 503 }), inner({ startedNs: 5e6 })];
  expect(seenRequests([outer, ...tries]).map(({ at, inner }) => [at.hop, inner])).toEqual([
    ["outer", null],
    ["inner", null],
    ["inner", null],
  ]);
});

test("what generates nothing is no request, and a failed one is", () => {
  const failed = buildTiming({ status: null, outcome: "upstream-failed", error: "reset" });
  const models = buildTiming({ method: "GET", path: "/v1/models", requestId: "m" });
  expect(seenRequests([models, failed])).toEqual([{ at: failed, inner: null, join: null }]);
});

test("whatever the taps saw, each generation request is in one row and in one only, in order of start", () => {
  const exchange = fc
    .record({
      hop: fc.constantFrom("outer" as const, "inner" as const, "user" as const),
      id: fc.integer({ min: 0, max: 5 }),
      attempt: fc.option(fc.integer({ min: 0, max: 2 })),
      start: fc.integer({ min: 0, max: 50 }),
      length: fc.integer({ min: 0, max: 50 }),
      status: fc.constantFrom(200, 500, null),
      path: fc.constantFrom("/v1/chat/completions", "/generate", "/v1/models"),
    })
    .map(({ hop, id, attempt, start, length, status, path }) =>
      buildTiming({
        hop,
        requestId: `r${id}`,
        attemptKey: attempt === null ? null : `a${attempt}`,
        episodeId: attempt === null ? null : `e${attempt}`,
        startedNs: start * 1e6,
        endedNs: (start + length) * 1e6,
        status,
        path,
      }),
    );
  fc.assert(
    fc.property(fc.array(exchange, { maxLength: 25 }), (timings) => {
      const rows = seenRequests(timings);
      const shown = rows.flatMap(({ at, inner }) => [at, ...(inner === null ? [] : [inner])]);
      const generations = timings.filter(({ path }) => path !== "/v1/models");
      expect(new Set(shown)).toEqual(new Set(generations));
      expect(shown).toHaveLength(generations.length);
      const starts = rows.map(({ at }) => at.startedNs);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }),
  );
});
