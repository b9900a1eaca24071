import * as fc from "fast-check";
import { expect, test } from "vitest";
import { meanOf, percentile } from "../../../bench/statistics/distribution.ts";
import { createRng, normal } from "../../../bench/statistics/rng.ts";
import { clusterIntervals } from "../../../bench/analysis/estimates/cluster-interval.ts";
import { passRate } from "../../../bench/analysis/estimates/pass-rate.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

test("below ten units there is no interval", () => {
  const values = Array.from({ length: 90 }, (_, index) => ({ value: index, cluster: String(index % 9) }));
  expect(clusterIntervals(values)).toBe(null);
  expect(clusterIntervals([])).toBe(null);
});

test("an interval lies around what the values say, and says nothing impossible of positive ones", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 10, maxLength: 60 }),
      fc.boolean(),
      (values, shifted) => {
        const own = shifted ? values.map((value) => value + 1) : values;
        const intervals = clusterIntervals(own.map((value, index) => ({ value, cluster: String(index) })))!;
        const estimates = { mean: meanOf(own), p50: percentile(own, 0.5)!, p95: percentile(own, 0.95)! };
        for (const name of ["mean", "p50", "p95"] as const) {
          const { low, high } = intervals[name];
          const slack = 1e-9 * (1 + estimates[name]);
          expect(low).toBeLessThanOrEqual(estimates[name] + slack);
          expect(high).toBeGreaterThanOrEqual(estimates[name] - slack);
          expect(low).toBeGreaterThanOrEqual(0);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("with a dozen episodes it holds the truth of skewed times about as often as it says", () => {
  const rng = createRng(11);
  const draw = (units: number) =>
    Array.from({ length: units }, (_, unit) => {
      const own = 60 * Math.exp(0.3 * normal(rng));
      return Array.from({ length: 9 }, (_, turn) => ({
        value: (own + 5 * turn) * Math.exp(0.3 * normal(rng)),
        cluster: String(unit),
      }));
    }).flat();
  const values = draw(20_000).map(({ value }) => value);
  const truth = { mean: meanOf(values), p50: percentile(values, 0.5)! };
  const repetitions = 300;
  const misses = { mean: 0, p50: 0 };
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const intervals = clusterIntervals(draw(12))!;
    for (const name of ["mean", "p50"] as const)
      if (intervals[name].low > truth[name] || intervals[name].high < truth[name]) misses[name] += 1;
  }
  // Quantiles of the resamples missed twice as often.
  for (const count of Object.values(misses)) expect(count / repetitions).toBeLessThan(0.08);
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
