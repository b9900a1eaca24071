import { assert, constant, double, integer, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../bench/errors.ts";
import { arrivalOffsetsNs, loadText, parseLoad, type LoadSpec } from "../../bench/load/schedule.ts";
import { gapVariation, indexOfDispersion } from "../../bench/statistics/dispersion.ts";
import { createRng } from "../../bench/statistics/rng.ts";

const offsets = (arrivals: Parameters<typeof arrivalOffsetsNs>[0], count = 40_000) =>
  arrivalOffsetsNs(arrivals, { perSecond: 50, count, rng: createRng(7) });
const rateOf = (times: readonly number[]) =>
  (times.length - 1) / (((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1e9);

test("a constant rate has gaps that are all the same, also after a million of them", () => {
  const times = offsets({ kind: "constant" }, 1_000_000);
  expect(times[0]).toBe(0);
  expect(times[999_999]).toBe(999_999 * 20e6);
  expect(gapVariation(times)).toBeLessThan(1e-6);
});

test("Poisson arrivals: exponential gaps, independent, as many in every window as the rate says", () => {
  const times = offsets({ kind: "poisson" });
  const end = times.at(-1) ?? 0;
  expect(gapVariation(times)).toBeCloseTo(1, 1);
  expect(Math.abs((indexOfDispersion(times, { start: 0, end, window: 200e6 }) ?? 0) - 1)).toBeLessThan(0.1);
  expect(rateOf(times)).toBeCloseTo(50, 0);
});

test.each([0.25, 1, 4, 16])("gamma arrivals of shape %d vary by one over its root", (shape) => {
  const times = offsets({ kind: "gamma", shape });
  expect((gapVariation(times) ?? 0) * Math.sqrt(shape)).toBeCloseTo(1, 1);
  expect(Math.abs(rateOf(times) / 50 - 1)).toBeLessThan(0.03);
});

test("every schedule ascends and is a function of its seed", () => {
  const arrivals = oneof(
    constant({ kind: "constant" } as const),
    constant({ kind: "poisson" } as const),
    record({ kind: constant("gamma" as const), shape: double({ min: 0.05, max: 50, noNaN: true }) }),
  );
  const options = record({
    perSecond: double({ min: 0.01, max: 1e5, noNaN: true }),
    count: integer({ min: 0, max: 200 }),
    seed: integer(),
  });
  assert(
    property(arrivals, options, (kind, { perSecond, count, seed }) => {
      const draw = () => arrivalOffsetsNs(kind, { perSecond, count, rng: createRng(seed) });
      const times = draw();
      expect(times).toHaveLength(count);
      expect(times.every((time, at) => time >= (times[at - 1] ?? 0))).toBe(true);
      expect(draw()).toEqual(times);
    }),
  );
});

test("a load is read as it is written, and what cannot be read says what may be written", () => {
  const specs: readonly LoadSpec[] = [
    { kind: "closed", users: 8 },
    { kind: "open", perSecond: 2.5, arrivals: { kind: "poisson" } },
    { kind: "open", perSecond: 40, arrivals: { kind: "constant" } },
    { kind: "open", perSecond: 1, arrivals: { kind: "gamma", shape: 0.5 } },
  ];
  for (const spec of specs) expect(parseLoad(loadText(spec))).toEqual(spec);
  expect(parseLoad("open:2.5")).toEqual(specs[1]);
  const bad = [
    "",
    "closed",
    "closed:0",
    "closed:1.5",
    "closed:4:poisson",
    "open:-1",
    "open:",
    "open:1:uniform",
  ];
  for (const text of [
    ...bad,
    "open:1:gamma",
    "open:1:gamma:0",
    "open:1:poisson:2",
    "open:1:gamma:1:1",
    "open:Infinity",
  ]) {
    expect(() => parseLoad(text)).toThrow(ConfigError);
  }
});
