import * as fc from "fast-check";
import { expect, test } from "vitest";
import { rougeL, rougeWordsMax } from "../../../bench/feedback/text/rouge.ts";
import { wordsOf } from "../../../bench/feedback/text/python-text.ts";
import { pairs } from "./random-texts.ts";

test("texts are alike from 0 to 1, in both directions the same, and each wholly like itself", () => {
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      const score = rougeL(one, other);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(rougeL(other, one)).toBeCloseTo(score ?? -1, 14);
      expect(rougeL(one, one)).toBe(wordsOf(one).length === 0 ? 0 : 1);
    }),
  );
});

test("texts that are too long to compare have no score, and long ones that can be have the right one", () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(" ");
  expect(rougeL(words(rougeWordsMax + 1), "w1")).toBeNull();
  expect(rougeL(words(rougeWordsMax), words(rougeWordsMax))).toBe(1);
  expect(rougeL(words(3_000), `${words(1_500)} x`)).toBeCloseTo((2 * 1_500) / (3_000 + 1_501), 12);
});
