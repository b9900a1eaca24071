import { expect, test } from "vitest";
import { standardDeviation } from "../../bench/statistics/distribution.ts";
import { findMargin, marginMs, parseMargin } from "../../bench/statistics/margin.ts";
import { pairedDifference } from "../../bench/statistics/paired.ts";
import { studentTQuantile } from "../../bench/statistics/reference-distributions.ts";

test("margins are read as people write them, and nothing else is", () => {
  expect(parseMargin("1ms")).toEqual({ kind: "absolute", ms: 1 });
  expect(parseMargin("± 0.5 ms")).toEqual({ kind: "absolute", ms: 0.5 });
  expect(parseMargin("2s")).toEqual({ kind: "absolute", ms: 2000 });
  expect(parseMargin("200us")).toEqual({ kind: "absolute", ms: 0.2 });
  expect(parseMargin("±1%")).toEqual({ kind: "share", share: 0.01 });
  for (const text of ["", "1", "ms", "-1ms", "0ms", "1 m", "1ms 2ms"]) expect(parseMargin(text)).toBeNull();
});

test("a share needs the baseline that it is a share of", () => {
  expect(marginMs({ kind: "share", share: 0.01 }, 250)).toBe(2.5);
  expect(marginMs({ kind: "share", share: 0.01 }, null)).toBeNull();
  expect(marginMs({ kind: "absolute", ms: 3 }, null)).toBe(3);
});

const blocks = [[0.4], [0.9], [-0.3], [0.6], [1.1], [0.2]];
const interval = pairedDifference(blocks, { confidence: 0.95 })!;

test("inside and outside are told; in between it says how many more blocks would tell", () => {
  expect(findMargin(interval, 2)).toEqual({ verdict: "inside", moreUnits: null });
  expect(findMargin({ ...interval, estimate: 5, low: 4, high: 6 }, 2).verdict).toBe("outside");
  const { verdict, moreUnits } = findMargin(interval, 0.8);
  expect(verdict).toBe("cannot-tell");
  const target = 0.8 - interval.estimate;
  const scatter = standardDeviation(blocks.flat());
  const half = (count: number) => (studentTQuantile(0.975, count - 1) * scatter) / Math.sqrt(count);
  const enough = blocks.length + (moreUnits ?? Number.NaN);
  expect([half(enough) <= target, half(enough - 1) <= target]).toEqual([true, false]);
});

test("an estimate on the margin itself is never told, however long one waits", () => {
  expect(findMargin(interval, interval.estimate)).toEqual({ verdict: "cannot-tell", moreUnits: null });
});
