import { countedDraws, weightedRank } from "./draws.ts";
import { variance } from "./samples.ts";
import { studentPoint } from "./student.ts";

/** Values of both sides in one task. */
export interface BothSides {
  readonly base: readonly number[];
  readonly target: readonly number[];
}

const resamples = 1000;

/** A percentile of all values of one side less that of the other, with a t bootstrap that draws the same tasks for both; no interval below two. */
export function rankDifference(tasks: readonly BothSides[], share: number) {
  const [base, target] = (["base", "target"] as const).map((side) =>
    tasks
      .flatMap((task, unit) => task[side].map((value) => ({ value, unit })))
      .sort((a, b) => a.value - b.value),
  );
  const ranks = (copies: Uint8Array) =>
    [base ?? [], target ?? []].map((side) => weightedRank(side, copies, share)) as [number, number];
  const [one, other] = ranks(new Uint8Array(tasks.length).fill(1));
  const units = tasks.length;
  if (units < 2) return { base: one, target: other, interval: null };
  const drawn = countedDraws(units, resamples).map((copies) => {
    const [before, after] = ranks(copies);
    return after - before;
  });
  const spread = Math.sqrt((variance(drawn) * units) / (units - 1));
  const half = studentPoint(units - 1) * spread;
  const interval = { low: other - one - half, high: other - one + half };
  return { base: one, target: other, interval };
}
