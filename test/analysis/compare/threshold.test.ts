import { expect, test } from "vitest";
import type { Change } from "../../../bench/analysis/compare/change.ts";
import { judgeThreshold, parseThreshold } from "../../../bench/analysis/compare/threshold.ts";

const change = (low: number | null, high: number | null, before: number | null = 100): Change => ({
  before,
  after: null,
  difference: { value: ((low ?? 0) + (high ?? 0)) / 2, low, high },
  basis: "",
  units: 12,
});
const judge = (text: string, of: Change) => judgeThreshold(parseThreshold(text), of);

test("an expression is data: quantity, direction, limit, unit", () => {
  expect(parseThreshold(" e2e_p50 > +5% ")).toEqual({
    text: "e2e_p50 > +5%",
    quantity: "e2e_p50",
    direction: ">",
    limit: 0.05,
    relative: true,
  });
  expect(parseThreshold("reward < -0.02")).toMatchObject({ limit: -0.02, relative: false });
  expect(parseThreshold("ttft_p95>10ms")).toMatchObject({ direction: ">", limit: 10, relative: false });
});

test.each([
  ["e2e_p50", /cannot be read/],
  ["e2e_p50 >= 5%", /cannot be read/],
  ["e2e_p50 > five", /cannot be read/],
  ["speed > 5%", /there is no quantity speed\. Known: reward, episode_s,/],
  ["e2e_p50 > 5s", /compared in ms or in %, not in s/],
  ["reward < -5ms", /compared in no unit or in %/],
])("%s is refused with what there is", (text, message) => {
  expect(() => parseThreshold(text)).toThrow(message);
});

test("only a whole interval keeps a limit, and only a whole one crosses it", () => {
  expect(judge("e2e_p50 > +5%", change(-3, 4.9))).toBe("kept");
  expect(judge("e2e_p50 > +5%", change(5.1, 9))).toBe("crossed");
  expect(judge("e2e_p50 > +5%", change(1, 9))).toBe("cannot-tell");
  expect(judge("reward < -2", change(-1.9, 8))).toBe("kept");
  expect(judge("reward < -2", change(-8, -2.1))).toBe("crossed");
  expect(judge("reward < -2", change(-8, 1))).toBe("cannot-tell");
});

test("no interval, and a share of nothing, are no pass", () => {
  expect(judge("e2e_p50 > +5%", change(null, null))).toBe("cannot-tell");
  expect(judge("e2e_p50 > +5%", { ...change(0, 0), difference: null })).toBe("cannot-tell");
  expect(judge("reward > 5%", change(0, 0, 0))).toBe("cannot-tell");
});
