import { expect, test } from "vitest";
import { engineReadings } from "../../../bench/analysis/cell/engine-readings.ts";
import { deriveEngineDelta, type EngineDelta } from "../../../bench/metrics/engine-delta.ts";
import { diff } from "../../../bench/metrics/delta.ts";
import type { HistogramConcept } from "../../../bench/metrics/profiles/profile.ts";
import { readSnapshot } from "../../../bench/metrics/snapshot.ts";

const nothing = deriveEngineDelta(diff(readSnapshot(""), readSnapshot("")), 10);
const delta = (changes: Partial<EngineDelta>): EngineDelta => ({
  ...nothing,
  prompt_tokens: 100,
  generation_tokens: 10,
  cached_tokens: 25,
  num_requests: 1,
  ...changes,
});

/** So many observations of so many seconds in all. */
const observed = (concept: HistogramConcept, count: number | null, seconds: number | null) => {
  return { observed: { ...nothing.observed, [concept]: { count, seconds } } };
};

test("sums over segments; a mean is over all observations, whatever the requests are", () => {
  const readings = engineReadings([
    delta(observed("queueTime", 1, 1)),
    delta({ num_requests: 3, ...observed("queueTime", 2, 4) }),
  ]);
  expect(readings).toMatchObject({
    seconds: 20,
    requests: 4,
    promptTokens: 200,
    cacheHitRate: 0.25,
    inputTokensPerSecond: 10,
    outputTokensPerSecond: 1,
    queueSecondsMean: (1 + 4) / 3,
  });
});

test("an engine that does not count requests has means, and an unknown part makes one unknown", () => {
  const one = delta({ num_requests: null, ...observed("timeToFirstToken", 2, 0.4) });
  expect(engineReadings([one])?.ttftSecondsMean).toBe(0.2);
  expect(engineReadings([one, one])?.ttftSecondsMean).toBe(0.2);
  expect(engineReadings([one, delta(observed("timeToFirstToken", 2, null))])?.ttftSecondsMean).toBeNull();
  expect(engineReadings([delta(observed("timeToFirstToken", 0, 0))])?.ttftSecondsMean).toBeNull();
});

test("a segment without readings makes the sum unknown, not smaller", () => {
  expect(engineReadings([delta({}), null])).toBeNull();
  expect(engineReadings([])).toBeNull();
  expect(engineReadings([delta({}), delta({ prompt_tokens: null })])).toMatchObject({
    promptTokens: null,
    completionTokens: 20,
    cacheHitRate: null,
  });
});

test("a restart in one segment is one of the whole, and problems are said once", () => {
  const readings = engineReadings([delta({ reset: true, problems: ["x"] }), delta({ problems: ["x", "y"] })]);
  expect(readings).toMatchObject({ restarted: true, problems: ["x", "y"] });
});
