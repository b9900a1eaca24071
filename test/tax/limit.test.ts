import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judgeAddedLimit, parseAddedLimit, worstLimitStatus } from "../../bench/tax/limit.ts";

const interval = (low: number, high: number) => ({
  estimate: (low + high) / 2,
  low,
  high,
  confidence: 0.95,
  method: "",
  units: 5,
});

test.each([
  ["+5ms", 5, false],
  ["5ms", 5, false],
  [" + 0.5 ms ", 0.5, false],
  ["200us", 0.2, false],
  ["1s", 1000, false],
  ["+3%", 0.03, true],
  ["0ms", 0, false],
])("--max %s", (text, amount, relative) => {
  expect(parseAddedLimit(text)).toEqual({ text: text.trim(), amount, relative });
});

test.each(["", "5", "-5ms", "5 minutes", "e2e > 5ms", "+ms", "5ms,6ms"])("--max %s is refused", (text) => {
  expect(() => parseAddedLimit(text)).toThrow(/--max .* cannot be read\. Write .*'\+5ms'/);
});

test("the whole interval has to keep the limit; on the limit is kept", () => {
  const limit = parseAddedLimit("+5ms");
  expect(judgeAddedLimit(limit, interval(3, 5), 100)).toBe("kept");
  expect(judgeAddedLimit(limit, interval(4.9, 5.1), 100)).toBe("cannot-tell");
  expect(judgeAddedLimit(limit, interval(5.1, 5.2), 100)).toBe("crossed");
  expect(judgeAddedLimit(limit, null, 100)).toBe("cannot-tell");
});

test("a share is one of what the request takes without the gateway; of an unknown time nobody can tell", () => {
  const limit = parseAddedLimit("+3%");
  expect(judgeAddedLimit(limit, interval(1, 3), 100)).toBe("kept");
  expect(judgeAddedLimit(limit, interval(1, 3), 50)).toBe("cannot-tell");
  expect(judgeAddedLimit(limit, interval(1, 3), 30)).toBe("crossed");
  for (const unknown of [null, 0])
    expect(judgeAddedLimit(limit, interval(1, 3), unknown)).toBe("cannot-tell");
});

test("a higher limit is never judged worse, and a worse interval never better", () => {
  const rank = { kept: 0, "cannot-tell": 1, crossed: 2 };
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 })),
      fc.tuple(fc.integer({ min: -50, max: 100 }), fc.nat({ max: 50 }), fc.nat({ max: 20 })),
      ([a, b], [low, width, shift]) => {
        const judge = (limit: number, at: number) =>
          rank[judgeAddedLimit({ text: "", amount: limit, relative: false }, interval(at, at + width), 10)];
        expect(judge(Math.max(a, b), low)).toBeLessThanOrEqual(judge(Math.min(a, b), low));
        expect(judge(a, low + shift)).toBeGreaterThanOrEqual(judge(a, low));
      },
    ),
  );
});

test("one interval that crosses is enough, and nothing measured is no pass", () => {
  expect(worstLimitStatus(["kept", "cannot-tell", "crossed"])).toBe("crossed");
  expect(worstLimitStatus(["kept", "cannot-tell"])).toBe("cannot-tell");
  expect(worstLimitStatus(["kept", "kept"])).toBe("kept");
  expect(worstLimitStatus([])).toBe("cannot-tell");
});
