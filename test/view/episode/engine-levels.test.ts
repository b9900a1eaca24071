import { expect, test } from "vitest";
import type { EngineSample } from "../../../bench/store/engine-sample.ts";
import { engineLevels } from "../../../bench/view/episode/engine-levels.ts";

const second = 1e9;
const sample = (at: number, changes: Partial<EngineSample> = {}): EngineSample => ({
  v: 1,
  role: "agent",
  atNs: at * second,
  running: at,
  queued: 0,
  kvUsage: null,
  requests: null,
  promptTokens: null,
  generationTokens: null,
  cachedTokens: null,
  ...changes,
});
const span = { startedNs: 3.5 * second, endedNs: 7.5 * second };
const every = (at: number) => sample(at * 2);

test("readings hold until the next one: the last before its start counts, the first behind its end does not", () => {
  const found = engineLevels(
    Array.from({ length: 8 }, (_, at) => every(at)),
    span,
  );
  expect(found?.text).toBe(
    "Of all requests, its own and those of others, the agent engine had 2.00 to 6.00 running and 0 queued in that time; memory for keys and values in use: unknown (3 readings).",
  );
  expect(
    found?.lines.map(({ name, most, levels }) => [name, most, levels.map(({ value }) => value)]),
  ).toEqual([
    ["running", 6, [2, 4, 6]],
    ["queued", 0, [0, 0, 0]],
  ]);
});

test("what an engine does not say is unknown, and no 0", () => {
  const found = engineLevels(
    [sample(4, { running: null, kvUsage: 0.25 }), sample(5, { running: null, queued: null })],
    span,
  );
  expect(found?.text).toContain(
    "unknown running and 0 queued in that time; memory for keys and values in use: 25.0 % (2 readings)",
  );
  expect(found?.lines).toEqual([]);
});

test("a reading that failed says nothing, and is counted", () => {
  const found = engineLevels(
    [sample(4), sample(5, { running: null, queued: null, error: "refused" }), sample(6)],
    span,
  );
  expect(found?.text).toContain("4.00 to 6.00 running and 0 queued");
  expect(found?.text).toContain("(3 readings, 1 failed)");
  expect(found?.lines[0]?.levels.map(({ startedNs }) => startedNs / second)).toEqual([4, 6]);
});

test.each([
  ["the engine was never asked", []],
  ["only before it", [sample(1), sample(3)]],
  ["only after it", [sample(8), sample(9)]],
  ["only the engine of the user", [sample(5, { role: "user" })]],
])("%s: nothing is said", (_name, samples) => {
  expect(engineLevels(samples, span)).toBeNull();
});
