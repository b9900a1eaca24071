import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Interval, judgeMargin } from "../../bench/statistics/interval.ts";
import { pairedDifference, wilcoxonTest } from "../../bench/statistics/paired.ts";
import { golden } from "./golden/statistics.ts";

const confidence = 0.95;

test("the interval over blocks is SciPy's t interval of the block means", () => {
  const { blocks, mean, interval } = golden.paired_t;
  expect(pairedDifference(blocks, { confidence })).toEqual({
    estimate: expect.closeTo(mean, 12),
    low: expect.closeTo(interval[0], 10),
    high: expect.closeTo(interval[1], 10),
    confidence,
    method: "t interval over block means of paired differences",
    units: 6,
  });
});

test("one block, or blocks without pairs, give no interval", () => {
  expect(pairedDifference([[1, 2, 3]], { confidence })).toBeNull();
  expect(pairedDifference([[1, 2, 3], []], { confidence })).toBeNull();
  expect(pairedDifference([], { confidence })).toBeNull();
});

test("a margin declared beforehand is met, missed, or cannot be told", () => {
  const interval = (low: number, high: number): Interval => ({
    estimate: (low + high) / 2,
    low,
    high,
    confidence,
    method: "",
    units: 9,
  });
  expect(judgeMargin(interval(-0.5, 0.9), 1)).toBe("inside");
  expect(judgeMargin(interval(1.1, 3), 1)).toBe("outside");
  expect(judgeMargin(interval(-3, -1.1), 1)).toBe("outside");
  expect(judgeMargin(interval(0.5, 1.5), 1)).toBe("cannot-tell");
  expect(judgeMargin(interval(-2, 2), 1)).toBe("cannot-tell");
});

test("the signed-rank test is SciPy's: exact for few, normal for many and for ties", () => {
  const [exact, tied, many] = golden.wilcoxon.map(({ differences, p }) => ({
    result: wilcoxonTest(differences),
    p,
  }));
  expect(exact?.result).toMatchObject({
    pValue: expect.closeTo(exact!.p, 12),
    method: "exact signed-rank test",
    used: 14,
  });
  expect(tied?.result).toMatchObject({ pValue: expect.closeTo(tied!.p, 12), used: 10, ties: 2 });
  expect(many?.result).toMatchObject({ pValue: expect.closeTo(many!.p, 12), used: 70 });
  expect(wilcoxonTest([0, 0])).toBeNull();
  expect(wilcoxonTest([1, 2, 3, 4, 5])?.pValue).toBe(2 / 32);
});

test("intervals shift with the data, scale with the data, and swap sign with the arms", () => {
  const finite = fc.integer({ min: -1000, max: 1000 });
  const blockLists = fc.array(fc.array(finite, { minLength: 1, maxLength: 5 }), {
    minLength: 2,
    maxLength: 8,
  });
  fc.assert(
    fc.property(blockLists, finite, (blocks, shift) => {
      const of = (map: (value: number) => number) =>
        pairedDifference(
          blocks.map((block) => block.map(map)),
          { confidence },
        )!;
      const plain = of((value) => value);
      expect(of((value) => value + shift).low).toBeCloseTo(plain.low + shift, 6);
      expect(of((value) => 3 * value).high).toBeCloseTo(3 * plain.high, 6);
      expect(of((value) => -value).low).toBeCloseTo(-plain.high, 6);
    }),
  );
});
