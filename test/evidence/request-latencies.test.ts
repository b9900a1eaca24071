import { expect, test } from "vitest";
import { requestLatencies, tapLatencies } from "../../bench/evidence/request-latencies.ts";
import { isAnswered } from "../../bench/evidence/tap-timing.ts";
import { isGenerationRequest } from "../../bench/workload/exchange.ts";
import { loadMetrics } from "../../bench/load/latency.ts";
import { sampleOf } from "./leg-builder.ts";
import { buildTiming } from "./tap-builder.ts";

test("a request has one TTFT, one ITL and one E2E", () => {
  const timing = buildTiming();
  expect(tapLatencies.ttft(timing)).toBe(2);
  expect(tapLatencies.itl(timing)).toBe(1);
  expect(tapLatencies.e2e(timing)).toBe(10);
});

test("an answer that was not streamed has an end only; one token has no interval between tokens", () => {
  const whole = buildTiming({ streamed: false });
  expect([tapLatencies.ttft(whole), tapLatencies.itl(whole), tapLatencies.e2e(whole)]).toEqual([
    null,
    null,
    10,
  ]);
  expect(tapLatencies.itl(buildTiming({ usage: null }))).toBeNull();
  const one = { promptTokens: 1, completionTokens: 1, cachedTokens: null };
  expect(tapLatencies.itl(buildTiming({ usage: one }))).toBeNull();
});

test("tokens that came in one chunk have no interval between them, as of a call that its parser held back", () => {
  const held = buildTiming({ firstTokenNs: 9e6, lastTokenNs: 9e6 });
  expect(tapLatencies.itl(held)).toBeNull();
  expect(tapLatencies.ttft(held)).toBe(9);
  expect(
    loadMetrics.itl({ ...sampleOf({ session: 0, index: 0 }, 80), firstTokenNs: 2e9, lastTokenNs: 2e9 }),
  ).toBeNull();
});

test("a tap and a client that saw the same moments say the same", () => {
  const sample = sampleOf({ session: 0, index: 0 }, 80);
  const timing = buildTiming({ ...sample, startedNs: sample.sentNs ?? 0, outcome: "completed" });
  for (const name of ["ttft", "itl", "e2e"] as const) {
    expect(tapLatencies[name](timing)).toBe(loadMetrics[name](sample));
  }
});

test("waiting in the client is in the latencies from the intended time, and in them alone", () => {
  const late = { ...sampleOf({ session: 0, index: 0 }, 80), intendedNs: 1e9 - 5e6 };
  expect(loadMetrics.lateness(late)).toBe(5);
  expect(loadMetrics.ttftIntended(late)).toBe((loadMetrics.ttft(late) ?? 0) + 5);
  expect(loadMetrics.e2eIntended(late)).toBe((loadMetrics.e2e(late) ?? 0) + 5);
});

test("the four parts of a request add up to its end", () => {
  const sample = sampleOf({ session: 0, index: 0 }, 77);
  const { toFirstByte, byteToToken, betweenTokens, afterTokens } = loadMetrics;
  const parts = [toFirstByte, byteToToken, betweenTokens, afterTokens].map(
    (part) => part(sample) ?? Number.NaN,
  );
  expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(77, 9);
});

test("only whole answers to generations of an episode, at the outer tap, have latencies", () => {
  const timings = [
    buildTiming(),
    buildTiming({ episodeId: "e1", streamed: false }),
    buildTiming({ hop: "inner" }),
    buildTiming({ episodeId: null }),
    buildTiming({ status: 500 }),
    buildTiming({ outcome: "upstream-truncated" }),
    buildTiming({ incomplete: 'carries an error: {"error":"queue full"}' }),
    buildTiming({ path: "/v1/models" }),
  ];
  expect(Object.fromEntries(requestLatencies(timings))).toEqual({
    e0: { ttft: [2], itl: [1], e2e: [10] },
    e1: { ttft: [], itl: [], e2e: [10] },
  });
});

test.each([
  ["POST", "/v1/chat/completions", true],
  ["POST", "/generate?stream=1", true],
  ["POST", "/v1/responses", true],
  ["GET", "/v1/chat/completions", false],
  ["POST", "/v1/completions/extra", false],
  ["POST", "/flush_cache", false],
])("%s %s is a generation: %s", (method, path, expected) => {
  expect(isGenerationRequest(buildTiming({ method, path }))).toBe(expected);
});

test("answered means status 200, the whole body, and a complete answer where the run says whether it is", () => {
  expect(isAnswered(buildTiming())).toBe(true);
  expect(isAnswered(buildTiming({ incomplete: null }))).toBe(true);
  expect(isAnswered(buildTiming({ incomplete: "was given up, with finish reason abort" }))).toBe(false);
  expect(isAnswered(buildTiming({ status: 201 }))).toBe(false);
  expect(isAnswered(buildTiming({ status: null, outcome: "upstream-failed" }))).toBe(false);
});
