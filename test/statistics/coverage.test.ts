import { expect, test } from "vitest";
import { bootstrap } from "../../bench/statistics/bootstrap.ts";
import { percentile } from "../../bench/statistics/distribution.ts";
import type { Interval } from "../../bench/statistics/interval.ts";
import { pairedDifference } from "../../bench/statistics/paired.ts";
import { createRng, exponential, gamma, normal, type Rng } from "../../bench/statistics/rng.ts";
import { boundedMeanInterval, wilsonInterval } from "../../bench/statistics/wilson.ts";

/**
 * Do 95 % intervals hold the truth in 95 % of runs? Synthetic A/B runs with what real ones have: heavy-tailed request
 * noise, requests of one block alike, each request like the one before it, drift over the run (linear and a random
 * walk), and now and then a stall.
 * 935 of 1,000 is what a true 95 % coverage falls below once in about 50 seeds; seeds are fixed.
 */
const runs = 1000;
const confidence = 0.95;

interface Scenario {
  readonly blocks: number;
  readonly pairsPerBlock: number;
  /** Milliseconds that the gateway adds on average. */
  readonly overheadMs: number;
}

/** Differences (arm - raw) per block. Arms alternate in ABBA order, so that linear drift cancels within a block. */
function simulateRun(
  rng: Rng,
  { blocks, pairsPerBlock, overheadMs }: Scenario,
): readonly (readonly number[])[] {
  const slope = 0.05 * normal(rng);
  let walk = 0;
  let slot = 0;
  let echo = 0;
  const latency = () => {
    slot++;
    walk += 0.1 * normal(rng);
    echo = 0.8 * echo + normal(rng);
    const stall = rng.next() < 0.01 ? exponential(rng, 40) : 0;
    return 100 + slope * slot + walk + echo + Math.exp(2 + 0.6 * normal(rng)) + stall;
  };
  const overhead = () => gamma(rng, { shape: 2, mean: overheadMs });
  return Array.from({ length: blocks }, () => {
    const blockEffect = 0.5 * normal(rng);
    return Array.from({ length: pairsPerBlock }, () => {
      const [a1, b1, b2, a2] = [latency(), latency(), latency(), latency()];
      const added = overheadMs === 0 ? 0 : (overhead() + overhead()) / 2;
      return (b1 + b2 - a1 - a2) / 2 + added + blockEffect;
    });
  });
}

function covered(
  seed: number,
  scenario: Scenario,
  intervalOf: (blocks: readonly (readonly number[])[]) => Interval | null,
) {
  const rng = createRng(seed);
  let hits = 0;
  for (let run = 0; run < runs; run++) {
    const interval = intervalOf(simulateRun(rng, scenario));
    if (interval !== null && interval.low <= scenario.overheadMs && scenario.overheadMs <= interval.high)
      hits++;
  }
  return hits;
}
const overBlocks = (blocks: readonly (readonly number[])[]) => pairedDifference(blocks, { confidence });

test.each([
  { blocks: 4, pairsPerBlock: 25, overheadMs: 3 },
  { blocks: 8, pairsPerBlock: 25, overheadMs: 3 },
  { blocks: 20, pairsPerBlock: 10, overheadMs: 3 },
])("paired t over $blocks blocks holds the truth in at least 935 of 1,000 runs", (scenario) => {
  expect(covered(41, scenario, overBlocks)).toBeGreaterThanOrEqual(935);
});

test("A/A: equal arms are called equal in at least 935 of 1,000 runs, and not because intervals are endless", () => {
  const scenario = { blocks: 8, pairsPerBlock: 25, overheadMs: 0 };
  expect(covered(42, scenario, overBlocks)).toBeGreaterThanOrEqual(935);
  expect(covered(42, scenario, overBlocks)).toBeLessThanOrEqual(970);
});

test("ignoring blocks is too sure of itself: the reason why blocks are the unit", () => {
  const scenario = { blocks: 8, pairsPerBlock: 100, overheadMs: 3 };
  const pooled = (blocks: readonly (readonly number[])[]) =>
    pairedDifference(
      blocks.flat().map((difference) => [difference]),
      { confidence },
    );
  expect(covered(43, scenario, pooled)).toBeLessThan(920);
  expect(covered(43, scenario, overBlocks)).toBeGreaterThanOrEqual(935);
});

test.each([
  { units: 5, each: 40, q: 0.5 },
  { units: 8, each: 100, q: 0.95 },
  { units: 20, each: 40, q: 0.99 },
])(
  "a t bootstrap over $units units holds the $q quantile's difference in at least 230 of 250 runs",
  (scenario) => {
    const rng = createRng(9);
    interface Unit {
      readonly before: readonly number[];
      readonly after: readonly number[];
    }
    const difference = (units: readonly Unit[]) =>
      (percentile(
        units.flatMap(({ after }) => after),
        scenario.q,
      ) ?? Number.NaN) -
      (percentile(
        units.flatMap(({ before }) => before),
        scenario.q,
      ) ?? Number.NaN);
    // What units differ in is common to both sides; the second one is 3 ms slower, and now and then much more.
    const draw = (count: number, each: number): Unit[] =>
      Array.from({ length: count }, () => {
        const level = 50 * Math.exp(0.1 * normal(rng));
        const values = (added: () => number) =>
          Array.from({ length: each }, () => level * Math.exp(0.5 * normal(rng)) + added());
        return { before: values(() => 0), after: values(() => (rng.next() < 0.05 ? 23 : 3)) };
      });
    const truth = difference(draw(2_000, 100));
    let hits = 0;
    for (let run = 0; run < 250; run++) {
      const interval = bootstrap(draw(scenario.units, scenario.each), difference, {
        confidence,
        resamples: 60,
        rng,
      });
      if (interval !== null && interval.low <= truth && truth <= interval.high) hits++;
    }
    expect(hits).toBeGreaterThanOrEqual(230);
    expect(hits).toBeLessThanOrEqual(249);
  },
);

test("Wilson's interval holds the true pass rate in at least 920 of 1,000 runs, whatever the rate", () => {
  const rng = createRng(45);
  for (const rate of [0.05, 0.38, 0.5, 0.9]) {
    let hits = 0;
    for (let run = 0; run < runs; run++) {
      const passes = Array.from({ length: 50 }, () => rng.next()).filter((draw) => draw < rate).length;
      const { low, high } = wilsonInterval(passes, 50, { confidence })!;
      if (low <= rate && rate <= high) hits++;
    }
    expect(hits).toBeGreaterThanOrEqual(920);
  }
});

test("pass^k over tasks holds the truth in at least 935 of 1,000 runs, with 12 tasks as with 50", () => {
  const rng = createRng(46);
  for (const [tasks, k] of [
    [12, 1],
    [12, 4],
    [50, 2],
  ] as const) {
    // A task's chance is uniform, so pass^k is 1 / (k + 1); tau2's estimator from four trials a task.
    let hits = 0;
    for (let run = 0; run < runs; run++) {
      const chances = Array.from({ length: tasks }, () => {
        const chance = rng.next();
        const passes = Array.from({ length: 4 }, () => rng.next()).filter((draw) => draw < chance).length;
        return choose(passes, k) / choose(4, k);
      });
      const { low, high } = boundedMeanInterval(chances, { confidence })!;
      if (low <= 1 / (k + 1) && 1 / (k + 1) <= high) hits++;
    }
    expect(hits).toBeGreaterThanOrEqual(935);
  }
});

function choose(n: number, k: number): number {
  let ways = 1;
  for (let drawn = 0; drawn < k; drawn++) ways *= (n - drawn) / (drawn + 1);
  return Math.max(0, ways);
}
