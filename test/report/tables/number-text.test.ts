import { expect, test } from "vitest";
import { marginText } from "../../../bench/report/tables/margin-text.ts";
import {
  bytesText,
  differenceText,
  durationText,
  estimateText,
  numberText,
  percentText,
} from "../../../bench/report/tables/number-text.ts";

test.each([
  [null, "-"],
  [Number.NaN, "-"],
  [Number.POSITIVE_INFINITY, "-"],
  [0, "0"],
  [0.12345, "0.123"],
  [-9.999, "-10.00"],
  [12.345, "12.3"],
  [999.4, "999"],
  [1234.5, "1235"],
])("%s is printed as %s", (value, text) => {
  expect(numberText(value)).toBe(text);
});

test("no value where nothing was measured, a mark where it was too little, an interval where there is one", () => {
  const none = { low: null, high: null };
  expect(estimateText({ value: null, count: 0, ...none })).toBe("-");
  expect(estimateText({ value: null, count: 3, ...none })).toBe("n too small");
  expect(estimateText({ value: 2, count: 3, ...none })).toBe("2.00");
  expect(estimateText({ value: 0.5, count: 9, low: 0, high: 1 }, percentText)).toBe("50.0 % [0 %, 100 %]");
});

test("a difference has signs, and is not stated without its interval", () => {
  expect(differenceText({ value: 1, count: 9, low: -0.5, high: 2.5 })).toBe("+1.00 [-0.500, +2.50]");
  expect(differenceText({ value: 1, count: 1, low: null, high: null })).toBe("n too small");
});

test("sizes and durations in the units that people use", () => {
  expect([0, 999, 1000, 2_500_000, 7e15].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.00 kB",
    "2.50 MB",
    "7000 TB",
  ]);
  expect([12.4, 200, 3900].map(durationText)).toEqual(["12 s", "3 min 20 s", "1 h 05 min"]);
});

test("a margin is inside, outside, or open with what would tell", () => {
  const about = { limit: "1.00 ms", unit: "blocks", moreSeconds: 130 };
  const text = (verdict: "inside" | "outside" | "cannot-tell", moreUnits: number | null) =>
    marginText({ verdict, moreUnits }, about);
  expect(text("inside", null)).toBe("inside ±1.00 ms\n(negligible)");
  expect(text("outside", null)).toBe("outside ±1.00 ms");
  expect(text("cannot-tell", null)).toBe("cannot tell ±1.00 ms");
  expect(text("cannot-tell", 7)).toBe("cannot tell ±1.00 ms:\n7 more blocks,\nabout 2 min 10 s");
});
