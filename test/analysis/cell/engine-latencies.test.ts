import { expect, test } from "vitest";
import { engineLatencies } from "../../../bench/analysis/cell/engine-latencies.ts";
import { diff } from "../../../bench/metrics/delta.ts";
import { deriveEngineDelta, type EngineDelta } from "../../../bench/metrics/engine-delta.ts";
import { readSnapshot } from "../../../bench/metrics/snapshot.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

const nothing = deriveEngineDelta(diff(readSnapshot(""), readSnapshot("")), 10);

/** Means of an engine in milliseconds; TTFT and E2E over `requests`, ITL over `tokens`. */
interface EngineSays {
  readonly ttft?: number;
  readonly itl?: number;
  readonly e2e?: number;
  readonly requests?: number;
  readonly scope?: EngineDelta["ttft_scope"];
}

function says({ ttft, itl, e2e, requests = 10, scope = "streaming" }: EngineSays): EngineDelta {
  const observed = (ms: number | undefined, count: number) =>
    ms === undefined ? { count: null, seconds: null } : { count, seconds: (ms * count) / 1000 };
  return {
    ...nothing,
    ttft_scope: scope,
    observed: {
      ...nothing.observed,
      timeToFirstToken: observed(ttft, requests),
      interTokenLatency: observed(itl, requests * 20),
      endToEnd: observed(e2e, requests),
    },
  };
}

/** Requests of 21 tokens at the tap in front of the engine, moments in milliseconds after the head of the request. */
interface Moments {
  readonly byte?: number;
  readonly token?: number | null;
  readonly last?: number;
  readonly end?: number;
  readonly streamed?: boolean;
  readonly chunks?: number;
  readonly hop?: "inner" | "outer";
}

function tapped(count: number, moments: Moments): readonly TapTiming[] {
  const {
    byte = 100,
    token = 100,
    last = 500,
    end = 500,
    streamed = true,
    chunks = 21,
    hop = "inner",
  } = moments;
  const timing = buildTiming({
    hop,
    streamed,
    firstByteNs: byte * 1e6,
    firstTokenNs: token === null ? null : token * 1e6,
    lastTokenNs: token === null ? null : last * 1e6,
    endedNs: end * 1e6,
    tokenChunks: chunks,
    usage: { promptTokens: 100, completionTokens: 21, cachedTokens: 0 },
  });
  return Array.from({ length: count }, () => timing);
}

/** What stands in the column `why`, by metric. */
const causesOf = (deltas: readonly EngineDelta[], timings: readonly TapTiming[]) =>
  Object.fromEntries(engineLatencies(deltas, timings).map(({ metric, causes }) => [metric, causes]));

const alike = { ttft: 99, itl: 20, e2e: 497 };

test("means, counts and the difference; ITL is over tokens, as engines count it", () => {
  expect(engineLatencies([says(alike)], tapped(10, {}))).toEqual([
    {
      metric: "ttft",
      engine: { count: 10, ms: 99 },
      tap: { count: 10, ms: 100 },
      fromFirstByteMs: 100,
      differenceMs: 1,
      causes: [],
    },
    {
      metric: "itl",
      engine: { count: 200, ms: 20 },
      tap: { count: 200, ms: 20 },
      fromFirstByteMs: 20,
      differenceMs: 0,
      causes: [],
    },
    {
      metric: "e2e",
      engine: { count: 10, ms: 497 },
      tap: { count: 10, ms: 500 },
      fromFirstByteMs: null,
      differenceMs: 3,
      causes: [],
    },
  ]);
});

test.each<[string, EngineSays, readonly TapTiming[], Record<string, readonly string[]>]>([
  [
    "a parser keeps the first tokens back behind the head (SGLang 0.5.10, tool calls)",
    alike,
    tapped(10, { token: 300 }),
    { ttft: ["held back"], itl: ["held back"], e2e: [] },
  ],
  [
    "the same, and some answers have nothing that a reader can see",
    alike,
    [...tapped(8, { token: 300 }), ...tapped(2, { token: null })],
    { ttft: ["held back"], itl: ["held back"], e2e: [] },
  ],
  [
    "a parser keeps tokens back behind a head that leaves at once",
    alike,
    tapped(10, { byte: 3, token: 300, chunks: 10 }),
    { ttft: ["held back"], itl: ["held back"], e2e: [] },
  ],
  [
    "late tokens, each in a chunk of its own, behind a head that leaves at once",
    alike,
    tapped(10, { byte: 3, token: 300 }),
    { ttft: ["not explained"], itl: ["not explained"], e2e: [] },
  ],
  [
    "more of the time than the tokens that were kept back can have taken",
    { ...alike, itl: 2 },
    tapped(10, { byte: 3, token: 300, chunks: 19 }),
    { ttft: ["held back", "not explained"], itl: ["not explained"], e2e: [] },
  ],
  [
    "requests wait for the server's own processes (64 in flight on two cores)",
    { ttft: 100, itl: 20, e2e: 500 },
    tapped(10, { byte: 300, token: 300, last: 700, end: 720 }),
    { ttft: ["outside its clock"], itl: [], e2e: ["outside its clock"] },
  ],
  [
    "first tokens wait, whole requests do not",
    { ttft: 100, itl: 20, e2e: 500 },
    tapped(10, { byte: 300, token: 300, last: 500, end: 500 }),
    { ttft: ["not explained"], itl: ["not explained"], e2e: [] },
  ],
  [
    "an engine that says longer than the tap saw",
    { ttft: 200, itl: 20, e2e: 700 },
    tapped(10, {}),
    { ttft: ["not explained"], itl: [], e2e: ["not explained"] },
  ],
  [
    "nothing was streamed (L1)",
    { ...alike, scope: "not-streaming" },
    tapped(10, { streamed: false, token: null }),
    { ttft: ["not streamed"], itl: ["not streamed"], e2e: [] },
  ],
  [
    "an engine without a label counts both",
    { ttft: 300, itl: 20, e2e: 500, scope: "all" },
    [...tapped(5, {}), ...tapped(5, { streamed: false, token: null })],
    { ttft: ["not streamed"], itl: [], e2e: [] },
  ],
  [
    "requests of others at the same engine",
    { ttft: 300, itl: 20, e2e: 900, requests: 30 },
    tapped(10, {}),
    { ttft: ["other requests"], itl: [], e2e: ["other requests"] },
  ],
])("why they differ: %s", (...[, engine, timings, causes]) => {
  expect(causesOf([says(engine)], timings)).toEqual(causes);
});

test("segments add up before they are divided", () => {
  const [ttft] = engineLatencies(
    [says({ ...alike, ttft: 100, requests: 30 }), says({ ...alike, ttft: 200, requests: 10 })],
    tapped(40, { byte: 125, token: 125 }),
  );
  expect(ttft).toMatchObject({ engine: { count: 40, ms: 125 }, differenceMs: 0, causes: [] });
});

test("there is nothing to lay beside each other", () => {
  const timings = tapped(10, {});
  expect(engineLatencies([], timings)).toEqual([]);
  expect(engineLatencies([says(alike), null], timings)).toEqual([]);
  expect(engineLatencies([nothing], timings)).toEqual([]);
  expect(engineLatencies([says(alike)], tapped(10, { hop: "outer" }))).toEqual([]);
});

test("a histogram that an engine does not have is no row", () => {
  const rows = engineLatencies([says({ e2e: 497 })], tapped(10, {}));
  expect(rows.map(({ metric }) => metric)).toEqual(["e2e"]);
});
