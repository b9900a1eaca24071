import { rounded } from "./rounding.ts";

export interface RunParts {
  readonly completion: number;
  readonly trajectory: number;
  readonly behavior: number;
  /** 0..1; null: nobody judged, or the judge is not to count. */
  readonly judge: number | null;
  /** Whether the task has anything that is checked without a model. */
  readonly hasVerifier: boolean;
}

/** A completion that counts as whole. */
export const WHOLE = 0.9999;

type Weights = readonly [completion: number, trajectory: number, behavior: number, judge: number];
const byRules: Weights = [0.4, 0.3, 0.2, 0];
const withJudge: Weights = [0.4, 0.3, 0.2, 0.1];
const mostlyJudge: Weights = [0.2, 0.2, 0.1, 0.5];

/**
 * ClawBench's run score. A judge never rescues what failed: where a task has checks it counts a tenth, and only when all of
 * them passed; where a task has none it is half of the score.
 */
export function runScore({ completion, trajectory, behavior, judge, hasVerifier }: RunParts): number {
  const weights = weightsFor(hasVerifier, judge !== null, completion);
  const sum =
    weights[0] * completion + weights[1] * trajectory + weights[2] * behavior + weights[3] * (judge ?? 0);
  const total = weights.reduce((all, weight) => all + weight, 0);
  return rounded(Math.min(1, Math.max(0, sum / total)));
}

function weightsFor(hasVerifier: boolean, isJudged: boolean, completion: number): Weights {
  if (!isJudged) return byRules;
  if (!hasVerifier) return mostlyJudge;
  return completion < WHOLE ? byRules : withJudge;
}
