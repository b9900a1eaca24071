import { meanOf } from "../../statistics/distribution.ts";
import { boundedMeanInterval } from "../../statistics/wilson.ts";
import type { Estimate } from "../estimates/estimate.ts";
import { minimumTasks } from "../estimates/paired-difference.ts";
import type { Outcome } from "./observed-cell.ts";

/**
 * How much of a pass rate is lost, over the tasks that both have, as a share (0.02: two points). The interval is made of Wilson's of
 * both rates with the correlation between tasks (Newcombe 1998, Zou and Donner 2008): unlike a t interval it has a width
 * where all tasks end alike. No interval below five tasks.
 */
export function passRateDrop(before: readonly Outcome[], after: readonly Outcome[]): Estimate {
  const [base, rates] = [ratesOf(before), ratesOf(after)];
  const tasks = [...base.keys()].filter((task) => rates.has(task));
  const pairs = tasks.map((task) => [base.get(task) ?? 0, rates.get(task) ?? 0] as const);
  const count = pairs.length;
  const first = boundedMeanInterval(
    pairs.map(([one]) => one),
    { confidence: 0.95 },
  );
  const second = boundedMeanInterval(
    pairs.map(([, other]) => other),
    { confidence: 0.95 },
  );
  if (first === null || second === null) return { value: null, count, low: null, high: null };
  const value = first.estimate - second.estimate;
  if (count < minimumTasks) return { value, count, low: null, high: null };
  const r = correlationOf(pairs);
  return {
    value,
    count,
    low: value - spread(first.estimate - first.low, second.high - second.estimate, r),
    high: value + spread(first.high - first.estimate, second.estimate - second.low, r),
  };
}

function spread(a: number, b: number, r: number): number {
  return Math.sqrt(Math.max(0, a * a + b * b - 2 * r * a * b));
}

function ratesOf(outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const tasks = Map.groupBy(outcomes, ({ task }) => task);
  return new Map(
    [...tasks].map(([task, trials]) => [task, meanOf(trials.map(({ passed }) => (passed ? 1 : 0)))]),
  );
}

/** Pearson's; 0 where one side does not vary, so that nothing is taken off the interval. */
function correlationOf(pairs: readonly (readonly [number, number])[]): number {
  const [x, y] = [meanOf(pairs.map(([one]) => one)), meanOf(pairs.map(([, other]) => other))];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [one, other] of pairs) {
    xx += (one - x) ** 2;
    yy += (other - y) ** 2;
    xy += (one - x) * (other - y);
  }
  return xx === 0 || yy === 0 ? 0 : Math.max(0, xy / Math.sqrt(xx * yy));
}
