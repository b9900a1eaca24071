import { expect, test } from "vitest";
import { keepsLimit, limits, limitText } from "../../bench/selftest/limits.ts";

test("a limit is kept within its bounds only, and never by a value that is missing", () => {
  expect(keepsLimit("poisson-idc", 1.1)).toBe(true);
  expect([0.84, 1.16, null, Number.NaN].map((value) => keepsLimit("poisson-idc", value))).toEqual(
    Array(4).fill(false),
  );
  expect(keepsLimit("ttft-bias-64", -1.5)).toBe(false);
  expect(keepsLimit("ttft-bias-1024", 40)).toBeNull();
  expect(limitText("ttft-bias-64", "ms")).toBe("<= 1 ms");
  expect(limitText("poisson-idc", "")).toBe("0.85 to 1.15");
  expect(limitText("lateness-p99", "ms")).toBe("-");
});

test("the limits are those that the project promises", () => {
  expect(
    Object.fromEntries(Object.entries(limits).map(([id, { atLeast, atMost }]) => [id, [atLeast, atMost]])),
  ).toMatchObject({
    "ttft-bias-64": [undefined, 1],
    "lateness-p50": [undefined, 0.1],
    "constant-gap-cv": [undefined, 0.05],
    "poisson-idc": [0.85, 1.15],
    "half-width-fixed": [undefined, 0.1],
    "token-mismatches": [undefined, 0],
  });
});
