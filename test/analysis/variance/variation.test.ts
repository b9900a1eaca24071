import { expect, test } from "vitest";
import {
  unstableReasons,
  variationsOf,
  type RepeatedCell,
} from "../../../bench/analysis/variance/variation.ts";
import type { VarianceSettings } from "../../../bench/config/variance-schema.ts";
import { nextRepetitions } from "../../../bench/run/repeat-loads.ts";

const rule: VarianceSettings = { maxCv: 0.02, repetitionsMax: 10, of: ["e2e_mean"] };
const estimate = (value: number | null) => ({ value, count: 1, low: null, high: null });
const latency = (value: number | null) => ({
  count: 1,
  episodes: 1,
  mean: estimate(value),
  p50: estimate(null),
  p95: estimate(null),
  p99: estimate(null),
  max: value,
});

/** A cell of which only its mean time is known. */
function cell(repetition: number, e2eMs: number | null, arm = "raw"): RepeatedCell {
  return {
    cellId: `c2-r${repetition}-${arm}`,
    arm,
    load: "closed:2",
    repetition,
    episodes: {
      planned: 3,
      finished: 3,
      byStatus: {},
      byFailureClass: {},
      byTermination: {},
      byLabel: {},
      judged: 3,
      passed: 3,
      unjudged: 0,
    },
    meanReward: estimate(1),
    ttftMs: latency(null),
    itlMs: latency(null),
    e2eMs: latency(e2eMs),
    rates: {
      episodesPerMinute: estimate(null),
      trajectoriesPerHour: estimate(null),
      requestsPerSecond: estimate(null),
      inputTokensPerSecond: estimate(null),
      outputTokensPerSecond: estimate(null),
    },
  };
}

const cells = (...values: readonly (number | null)[]) =>
  values.map((value, repetition) => cell(repetition, value));
const only = (...values: readonly (number | null)[]) => variationsOf(cells(...values), rule)[0];

test("the coefficient of variation is the standard deviation (n - 1) over the mean", () => {
  // By hand: mean 102, squares 4 + 0 + 4, s = sqrt(8 / 2) = 2.
  expect(only(100, 102, 104)).toMatchObject({
    mean: 102,
    standardDeviation: 2,
    cv: 2 / 102,
    finding: "stable",
  });
  expect(only(100, 103, 106)).toMatchObject({ standardDeviation: 3, cv: 3 / 103, finding: "unstable" });
  expect(only(100, 100, 100)).toMatchObject({ cv: 0, finding: "stable" });
  expect(only(0, 0, 0)).toMatchObject({ cv: 0, finding: "stable" });
});

test("fewer than three repetitions, and repetitions without the number, say nothing", () => {
  expect(only(100, 200)).toMatchObject({ finding: "too few" });
  expect(only(100, null, 200)).toMatchObject({
    finding: "too few",
    values: [{ value: 100 }, { value: 200 }],
  });
  expect(only(null, null, null)).toMatchObject({ finding: "too few", mean: null, cv: null });
});

test("an outlier is marked and kept: it counts in mean and CV", () => {
  const found = only(100, 101, 100, 99, 150);
  expect(found?.values.map(({ outlier }) => outlier)).toEqual([false, false, false, false, true]);
  expect(found).toMatchObject({ mean: 110, finding: "unstable" });
  // Nearer than the rule tolerates is no outlier, however alike the others are.
  expect(only(100, 100, 100, 100, 101)?.values.some(({ outlier }) => outlier)).toBe(false);
});

test("the reason of an unstable cell says which quantity, both numbers and the rule", () => {
  const variations = variationsOf(cells(100, 103, 106), rule);
  expect(unstableReasons(cell(1, 103), variations)).toEqual([
    {
      verdict: "unstable",
      detail:
        "e2e_mean varies by 2.91 % between 3 repetitions, more than variance.maxCv 2 % (standard deviation 3 over mean 103)",
    },
  ]);
  expect(unstableReasons(cell(1, 103, "gateway"), variations)).toEqual([]);
});

const experiment = {
  arms: [
    { kind: "raw", name: "raw" },
    { kind: "gateway", name: "gateway" },
  ],
  sweep: { concurrency: [2], repetitions: 1 },
} as unknown as Parameters<typeof nextRepetitions>[1]["experiment"];

/** Which repetition of which arms comes next. */
function next(measured: readonly RepeatedCell[], variance = rule) {
  const told: string[] = [];
  const wanted = nextRepetitions(measured, { experiment, variance, tell: (line) => told.push(line) });
  return { wanted: wanted.map(({ arm, repetition }) => `${arm} ${repetition}`), told };
}

const both = (...values: readonly number[]) => [
  ...cells(...values),
  ...values.map((_, repetition) => cell(repetition, 50, "gateway")),
];

test.each([
  ["one repetition says nothing", [100], ["gateway 1", "raw 1"]],
  ["nor do two", [100, 100], ["raw 2", "gateway 2"]],
  ["three that agree are enough", [100, 101, 100], []],
  ["three that do not are repeated, in every arm, in turn", [100, 150, 100], ["gateway 3", "raw 3"]],
  ["until they agree", [100, 101, 100, 101, 100, 101], []],
])("%s", (_what, values, wanted) => {
  expect(next(both(...values)).wanted).toEqual(wanted);
});

test("at repetitionsMax nothing is repeated any more", () => {
  expect(next(both(100, 150, 100), { ...rule, repetitionsMax: 3 }).wanted).toEqual([]);
  expect(next(both(100, 150), { ...rule, repetitionsMax: 3 }).told).toEqual([
    "closed:2: repetition 3 of at most 3: fewer than 3 repetitions say nothing",
  ]);
});

test("an outlier within the rule is measured once more, and no oftener", () => {
  const wide = { ...rule, maxCv: 0.3 };
  const outlier = [100, 101, 100, 99, 150];
  expect(next(both(...outlier), wide).wanted).toEqual([]);
  const asked = { ...experiment, sweep: { ...experiment.sweep, repetitions: 5 } };
  const wanted = (values: readonly number[]) =>
    nextRepetitions(both(...values), { experiment: asked, variance: wide, tell: () => undefined }).length;
  expect(wanted(outlier)).toBe(2);
  expect(wanted([...outlier, 100])).toBe(0);
});

test("cells that have no such number are not repeated for it", () => {
  const none = [0, 1, 2].flatMap((repetition) => [cell(repetition, null), cell(repetition, null, "gateway")]);
  expect(next(none).wanted).toEqual([]);
});
