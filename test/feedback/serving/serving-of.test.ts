import { expect, test } from "vitest";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { servingOf } from "../../../bench/feedback/serving/serving-of.ts";
import type { EngineSample } from "../../../bench/store/engine-sample.ts";

const ms = 1e6;

function timing(startedMs: number, changed: Partial<TapTiming> = {}): TapTiming {
  return {
    v: 1,
    hop: "outer",
    arm: "trainer",
    requestId: `r-${startedMs}`,
    episodeId: null,
    attemptKey: "load",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 10,
    responseBytes: 10,
    startedNs: startedMs * ms,
    requestEndNs: startedMs * ms,
    firstByteNs: (startedMs + 10) * ms,
    firstTokenNs: (startedMs + 20) * ms,
    lastTokenNs: (startedMs + 90) * ms,
    endedNs: (startedMs + 100) * ms,
    usage: { promptTokens: 5, completionTokens: 8, cachedTokens: null },
    finishReason: "stop",
    ...changed,
  };
}

const sample = (running: number | null, queued: number | null) =>
  ({ v: 1, role: "agent", atNs: 0, running, queued }) as EngineSample;
const rows = (count: number) => Array.from({ length: count }, (_, at) => timing(at * 100));

test("latencies at the tap, tokens from the first request to the last end, means of the page", () => {
  const seen = { timings: rows(12), samples: [sample(2, 0), sample(4, 1), sample(null, null)] };
  expect(servingOf([seen])).toEqual({
    seconds: 1.2,
    requests: 12,
    failed: 0,
    ttft_ms: { p50: 20, p95: null },
    e2e_ms: { p50: 100, p95: null },
    output_tokens_per_second: (12 * 8) / 1.2,
    queue: { running: 3, waiting: 0.5 },
  });
});

test("several stretches are pooled, and the time between them is nobody's", () => {
  const late = rows(12).map((one) => timing(one.startedNs / ms + 60_000));
  const serving = servingOf([
    { timings: rows(12), samples: [] },
    { timings: late, samples: [] },
  ]);
  expect(serving).toMatchObject({ requests: 24, seconds: 2.4, output_tokens_per_second: 80 });
});

test("what is not known is null: too few requests, tokens that one answer does not count, a page without gauges", () => {
  const uncounted = [...rows(3), timing(300, { usage: null })];
  expect(servingOf([{ timings: uncounted, samples: [] }])).toMatchObject({
    ttft_ms: { p50: null, p95: null },
    output_tokens_per_second: null,
    queue: { running: null, waiting: null },
  });
});

test("a request that failed is counted and has no latency; others' requests are not the load's", () => {
  const failed = [
    timing(0, { status: 500 }),
    timing(0, { outcome: "upstream-truncated" }),
    timing(0, { incomplete: "was cut" }),
  ];
  const others = [timing(0, { attemptKey: "f1-1" }), timing(0, { path: "/v1/feedback" })];
  const serving = servingOf([{ timings: [...failed, ...others], samples: [] }]);
  expect(serving).toMatchObject({
    requests: 3,
    failed: 3,
    e2e_ms: { p50: null },
    output_tokens_per_second: null,
  });
  expect(servingOf([{ timings: others, samples: [sample(1, 1)] }])).toBeNull();
});
