import { expect, test } from "vitest";
import { engineReadings } from "../../../bench/analysis/cell/engine-readings.ts";
import { deriveEngineDelta, type EngineDelta } from "../../../bench/metrics/engine-delta.ts";
import { diff } from "../../../bench/metrics/delta.ts";
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

test("sums over segments; means are weighted with their requests", () => {
  const readings = engineReadings([
    delta({ avg_queue_time_seconds: 1 }),
    delta({ num_requests: 3, avg_queue_time_seconds: 2 }),
  ]);
  expect(readings).toMatchObject({
    seconds: 20,
    requests: 4,
    promptTokens: 200,
    cacheHitRate: 0.25,
    inputTokensPerSecond: 10,
    outputTokensPerSecond: 1,
    queueSecondsMean: (1 + 3 * 2) / 4,
  });
});

test("one segment alone keeps its mean, also where the engine does not count requests", () => {
  const one = delta({ num_requests: null, avg_ttft_seconds: 0.2 });
  expect(engineReadings([one])?.ttftSecondsMean).toBe(0.2);
  expect(engineReadings([one, one])?.ttftSecondsMean).toBeNull();
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
