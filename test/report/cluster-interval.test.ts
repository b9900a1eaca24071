import * as fc from "fast-check";
import { expect, test } from "vitest";
import { percentile } from "../../bench/measure/distribution.ts";
import { createRng, normal } from "../../bench/measure/rng.ts";
import { clusterIntervals } from "../../bench/report/cluster-interval.ts";
import { passRate } from "../../bench/report/pass-rate.ts";
import { buildEpisode, plannedCell } from "../store/run-builder.ts";

test("below ten units there is no interval", () => {
  const values = Array.from({ length: 90 }, (_, index) => ({ value: index, cluster: String(index % 9) }));
  expect(clusterIntervals(values)).toBe(null);
  expect(clusterIntervals([])).toBe(null);
});

test("an interval lies within the values and around what equal units say", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 10, maxLength: 60 }),
      (values) => {
        const intervals = clusterIntervals(
          values.map((value, index) => ({ value, cluster: String(index) })),
        )!;
        for (const { low, high } of Object.values(intervals)) {
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
          expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        }
        const p50 = percentile(values, 0.5)!;
        expect(intervals.p50.low).toBeLessThanOrEqual(p50);
        expect(intervals.p50.high).toBeGreaterThanOrEqual(p50);
      },
    ),
    { numRuns: 30 },
  );
});

test("it covers the true mean of values that are alike within a unit, where counting values would not", () => {
  const rng = createRng(7);
  let covered = 0;
  const repetitions = 120;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const values = Array.from({ length: 30 }, (_, unit) => {
      const level = normal(rng);
      return Array.from({ length: 8 }, () => ({ value: level + 0.2 * normal(rng), cluster: String(unit) }));
    }).flat();
    const { low, high } = clusterIntervals(values)!.mean;
    if (low <= 0 && 0 <= high) covered += 1;
  }
  expect(covered / repetitions).toBeGreaterThan(0.88);
  expect(covered / repetitions).toBeLessThan(0.99);
});

test("trials of one task do not make a pass rate surer than its tasks do", () => {
  const cell = plannedCell("raw", 200);
  const episodes = cell.episodeIds.map((_, index) =>
    buildEpisode(cell, index, {
      taskId: String(index >> 2),
      trial: index & 3,
      reward: (index >> 2) % 3 === 0 ? 1 : 0,
    }),
  );
  const { value, count, low, high } = passRate(episodes);
  expect([value, count]).toEqual([0.34, 200]);
  // Fifty tasks, each passed always or never: about 0.34 +- 0.13. Two hundred episodes would say +- 0.065.
  expect(high! - low!).toBeGreaterThan(0.22);
  const always = passRate(episodes.map((episode) => ({ ...episode, reward: 1 })));
  expect(always.high).toBe(1);
  expect(always.low).toBeCloseTo(0.981, 3);
});
