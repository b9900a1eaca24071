import * as fc from "fast-check";
import { expect, test } from "vitest";
import { blocksMin, interimAnalyses } from "../../../bench/analysis/replay/interim-analyses.ts";

test("a replay that does not stop early looks once, at full confidence", () => {
  expect(interimAnalyses({ until: null, blocks: 12 })).toEqual({ at: [12], confidence: 0.95 });
});

test("one that may stop early looks from the first printable interval to its last block, and pays for each look", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (blocks) => {
      const { at, confidence } = interimAnalyses({ until: "±1ms", blocks });
      expect(at[0]).toBe(Math.min(blocksMin, blocks));
      expect(at.at(-1)).toBe(blocks);
      expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
      expect(1 - confidence).toBeCloseTo(0.05 / at.length, 12);
    }),
  );
});
