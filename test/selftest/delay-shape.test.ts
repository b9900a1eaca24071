import * as fc from "fast-check";
import { expect, test } from "vitest";
import { meanOf } from "../../bench/statistics/distribution.ts";
import { createRng } from "../../bench/statistics/rng.ts";
import { delayShapeSchema, delayText, drawDelayMs, drawDelayPlan } from "../../bench/selftest/delay-shape.ts";

const one = { inFlight: 3, bodyBytes: 4_000, turn: 2 };

test("every shape delays as it says", () => {
  const draw = (shape: Parameters<typeof drawDelayMs>[0]) => {
    const rng = createRng(1);
    return Array.from({ length: 20_000 }, () => drawDelayMs(shape, one, rng));
  };
  expect(new Set(draw({ kind: "fixed", ms: 3 }))).toEqual(new Set([3]));
  expect(new Set(draw({ kind: "load", baseMs: 1, perRequestMs: 2 }))).toEqual(new Set([5]));
  expect(new Set(draw({ kind: "body", baseMs: 1, perKilobyteMs: 2 }))).toEqual(new Set([9]));
  expect(new Set(draw({ kind: "turn", baseMs: 1, perTurnMs: 2 }))).toEqual(new Set([5]));
  expect(meanOf(draw({ kind: "uniform", lowMs: 2, highMs: 6 }))).toBeCloseTo(4, 1);
  const lognormal = draw({ kind: "lognormal", medianMs: 2, sigma: 0.5, capMs: 100 });
  expect(meanOf(lognormal)).toBeCloseTo(2 * Math.exp(0.125), 1);
  // Mean of a Pareto distribution: scale * tail / (tail - 1).
  const pareto = draw({ kind: "pareto", scaleMs: 1, tail: 5, capMs: 1000 });
  expect(meanOf(pareto)).toBeCloseTo(1.25, 1);
  expect(Math.min(...pareto)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...draw({ kind: "pareto", scaleMs: 1, tail: 0.5, capMs: 20 }))).toBe(20);
});

test("a drawn plan is one that the gateway takes, the same for the same seed, and says what it is", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
      const plan = drawDelayPlan(createRng(seed));
      expect(drawDelayPlan(createRng(seed))).toEqual(plan);
      expect(delayShapeSchema.parse(plan.shape)).toEqual(plan.shape);
      expect(delayText(plan)).toMatch(/ ms/);
      kinds.add(plan.shape.kind).add(plan.place);
    }),
  );
  expect(kinds.size).toBe(10);
});
