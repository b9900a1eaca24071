import { expect, test } from "vitest";
import {
  logGamma,
  normalCdf,
  normalQuantile,
  regularizedBeta,
  studentTCdf,
  studentTQuantile,
} from "../../bench/statistics/reference-distributions.ts";
import { golden } from "./golden/statistics.ts";

/** Largest error over the rows, relative for values beyond 1. */
const worst = (rows: readonly (readonly [actual: number, expected: number])[]) =>
  Math.max(
    ...rows.map(([actual, expected]) => Math.abs(actual - expected) / Math.max(1, Math.abs(expected))),
  );

test("distribution functions agree with SciPy to 1e-11", () => {
  expect(worst(golden.normal_cdf.map(([z, p]) => [normalCdf(z), p]))).toBeLessThan(1e-11);
  expect(worst(golden.t_cdf.map(([t, degrees, p]) => [studentTCdf(t, degrees), p]))).toBeLessThan(1e-11);
  expect(worst(golden.beta.map(([x, a, b, p]) => [regularizedBeta(x, a, b), p]))).toBeLessThan(1e-11);
  expect(worst(golden.log_gamma.map(([x, value]) => [logGamma(x), value]))).toBeLessThan(1e-11);
});

test("quantiles agree with SciPy and invert the distribution functions", () => {
  expect(worst(golden.normal_quantile.map(([p, z]) => [normalQuantile(p), z]))).toBeLessThan(1e-11);
  expect(worst(golden.t_quantile.map(([p, degrees, t]) => [studentTQuantile(p, degrees), t]))).toBeLessThan(
    1e-11,
  );
  const chances = [0.001, 0.2, 0.5, 0.77];
  expect(worst(chances.map((p) => [normalCdf(normalQuantile(p)), p]))).toBeLessThan(1e-14);
});

test("the far lower tail keeps its relative precision", () => {
  expect(normalCdf(-8) / 6.220960574271785e-16).toBeCloseTo(1, 9);
});

test("probabilities outside 0..1 are refused, the ends are infinite", () => {
  expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  expect(() => normalQuantile(1.1)).toThrow("a probability must lie in 0..1, got 1.1");
  expect(() => normalQuantile(Number.NaN)).toThrow(RangeError);
});
