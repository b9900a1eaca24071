import { array, assert, double, property, record } from "fast-check";
import { expect, test } from "vitest";
import { overTime } from "../../../bench/analysis/cell/over-time.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import type { EngineSample } from "../../../bench/store/engine-sample.ts";
import type { SegmentFacts } from "../../../bench/store/segment-facts.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";
import { segmentEnded } from "../../store/run-builder.ts";

const facts: SegmentFacts = {
  v: 1,
  cellId: "c1",
  segmentId: "s0",
  load: "closed:1",
  cacheFlushed: true,
  drained: true,
  scrapeErrors: {},
  pressure: [],
  tapTotals: {},
  engineSamples: { intervalSeconds: 2, readings: 5, failed: 0 },
};

/** A segment of `seconds` that begins at `fromS` of the clock. */
function segment(
  fromS: number,
  seconds: number,
  { timings = [], samples = [] }: { timings?: readonly TapTiming[]; samples?: readonly EngineSample[] } = {},
) {
  const [startedNs, endedNs] = [fromS * 1e9, (fromS + seconds) * 1e9];
  const ended = segmentEnded("c1", { startedNs, endedNs });
  const at = "2026-01-01T00:00:00.000Z";
  return {
    segment: { cellId: "c1", segmentId: "s0", at, startedNs, ended, resumed: false },
    timings,
    samples,
    facts,
  };
}

const request = (fromS: number, toS: number) => buildTiming({ startedNs: fromS * 1e9, endedNs: toS * 1e9 });
const sample = (atS: number, changes: Partial<EngineSample> = {}): EngineSample => ({
  v: 1,
  role: "agent",
  atNs: atS * 1e9,
  running: 1,
  queued: 0,
  kvUsage: null,
  requests: null,
  promptTokens: null,
  generationTokens: null,
  cachedTokens: null,
  ...changes,
});

test("requests in flight are what the outer tap saw: two from second 0 to 3, one to 6, none after", () => {
  const timings = [
    request(100, 103),
    request(100, 106),
    buildTiming({ hop: "inner", startedNs: 100e9, endedNs: 112e9 }),
  ];
  const found = overTime([segment(100, 12, { timings })]);
  expect(found?.seconds).toBe(12);
  expect(found?.inFlight).toEqual([...Array(30).fill(2), ...Array(30).fill(1), ...Array(60).fill(0)]);
  expect(found).not.toHaveProperty("engine");
});

test("the area below the line is the time that requests were open within the segments", () => {
  const stays = array(
    record({
      fromS: double({ min: -5, max: 30, noNaN: true }),
      lasts: double({ min: 0, max: 20, noNaN: true }),
    }),
    { maxLength: 40 },
  );
  assert(
    property(stays, double({ min: 0.1, max: 25, noNaN: true }), (requests, seconds) => {
      const timings = requests.map(({ fromS, lasts }) => request(fromS, fromS + lasts));
      const found = overTime([segment(0, seconds, { timings })]);
      const step = seconds / 120;
      const area = (found?.inFlight ?? []).reduce((sum, value) => sum + value * step, 0);
      const open = requests.reduce(
        (sum, { fromS, lasts }) => sum + Math.max(0, Math.min(seconds, fromS + lasts) - Math.max(0, fromS)),
        0,
      );
      // Each of 120 values is rounded to thousandths.
      expect(Math.abs(area - open)).toBeLessThanOrEqual(seconds * 0.0006 + 1e-9);
    }),
  );
});

test("a step holds the largest of its readings, and one without a reading is not known", () => {
  const samples = [
    sample(1, { queued: 4 }),
    sample(1.5, { queued: 9, kvUsage: 0.25 }),
    sample(3, { queued: null, running: null }),
    sample(7, { queued: 2 }),
    sample(7, { role: "user", queued: 500 }),
    sample(99, { queued: 500 }),
  ];
  const found = overTime([segment(0, 8, { samples })]);
  expect(found?.engine).toEqual({
    sampleSeconds: 2,
    running: [1, null, null, 1],
    queued: [9, null, null, 2],
    kvUsage: [0.25, null, null, null],
  });
});

test("segments stand one behind the other, however long the pause between them was", () => {
  const found = overTime([
    segment(0, 6, { timings: [request(0, 6)] }),
    segment(5000, 6, { samples: [sample(5001, { queued: 3 })] }),
  ]);
  expect(found?.seconds).toBe(12);
  expect(found?.inFlight).toEqual([...Array(60).fill(1), ...Array(60).fill(0)]);
  expect(found?.engine?.queued).toEqual([null, null, null, 3, null, null]);
});

test("without a segment that ran to its end there is nothing to draw", () => {
  const { segment: known, ...rest } = segment(0, 5);
  expect(overTime([])).toBeNull();
  expect(overTime([{ ...rest, segment: { ...known, ended: null } }])).toBeNull();
});
