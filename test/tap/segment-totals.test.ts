import { expect, test } from "vitest";
import { SegmentTotals } from "../../bench/tap/segment-totals.ts";
import { isGenerationRequest, type ExchangeTiming } from "../../bench/workload/exchange.ts";

const timing: ExchangeTiming = {
  v: 1,
  hop: "outer",
  arm: "raw",
  requestId: "r",
  episodeId: null,
  attemptKey: null,
  method: "POST",
  path: "/v1/chat/completions",
  status: 200,
  outcome: "completed",
  error: null,
  streamed: true,
  requestBytes: 10,
  responseBytes: 20,
  startedNs: 0,
  requestEndNs: 1,
  firstByteNs: 2,
  firstTokenNs: 3,
  lastTokenNs: 4,
  endedNs: 5,
  chunks: [],
  usage: { promptTokens: 7, completionTokens: 3, cachedTokens: null },
  finishReason: "stop",
};

test.each([
  ["POST", "/v1/chat/completions", true],
  ["POST", "/v1/completions?x=1", true],
  ["POST", "/generate", true],
  ["POST", "/v1/responses", true],
  ["GET", "/v1/chat/completions", false],
  ["POST", "/v1/models", false],
  ["POST", "/v1/completions/cancel", false],
])("%s %s: the tap's totals and the reports agree on what generates", (method, path, generates) => {
  const totals = new SegmentTotals([{ name: "l", hop: "outer", arm: "raw", upstream: "" }]);
  totals.add("l", { ...timing, method, path, usage: null });
  expect(totals.read()["l"]).toMatchObject({
    requests: 1,
    generations: generates ? 1 : 0,
    withoutUsage: generates ? 1 : 0,
  });
  expect(isGenerationRequest({ ...timing, method, path })).toBe(generates);
});

test("a listener that saw nothing has zeros; a failed request is no completed one, and its tokens count", () => {
  const totals = new SegmentTotals([
    { name: "l", hop: "outer", arm: "raw", upstream: "" },
    { name: "idle", hop: "inner", arm: "raw", upstream: "" },
  ]);
  totals.add("l", timing);
  totals.add("l", { ...timing, outcome: "upstream-truncated" });
  totals.add("l", { ...timing, status: 503, usage: null });
  totals.add("l", { ...timing, incomplete: "carries an error: busy", usage: null });
  totals.add("l", { ...timing, incomplete: null });
  expect(totals.read()).toMatchObject({
    l: { requests: 5, completed: 2, failed: 3, promptTokens: 21, withoutCachedTokens: 3, withoutUsage: 1 },
    idle: { requests: 0, completed: 0, promptTokens: 0 },
  });
});
