import { NumpyDraws, pairwiseSum } from "./numpy-draws.ts";

/** What several runs of one task say of it, by ClawBench's formulas. */
export interface TaskReliability {
  readonly runs: number;
  readonly mean: number;
  /** Of a sample (n - 1); 0 for one run. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** Whether the first run passed. ClawBench's word; the estimate of that name over samples is another thing. */
  readonly passAt1: boolean;
  readonly passRate: number;
  /** Whether all runs passed; again not the estimate of that name. */
  readonly passHatK: boolean;
  readonly worstOfN: number;
  /** 1 for runs that are alike, 0 from a standard deviation of 0.2 on. */
  readonly varianceScore: number;
  readonly reliability: number;
  /** 90 % the mean, 10 % the reliability. */
  readonly taskScore: number;
  readonly interval: MeanInterval;
  readonly highVariance: boolean;
}

export interface MeanInterval {
  readonly lower: number;
  readonly upper: number;
}

export const PASS_THRESHOLD = 0.7;
const HIGH_VARIANCE_SD = 0.15;
const RESAMPLES = 10_000;
const CONFIDENCE = 0.95;

/** null without a run. `passed` says which runs passed; without it those do that reach the threshold. */
export function taskReliability(
  scores: readonly number[],
  {
    threshold = PASS_THRESHOLD,
    passed,
  }: { readonly threshold?: number; readonly passed?: readonly boolean[] } = {},
): TaskReliability | null {
  if (scores.length === 0) return null;
  if (passed !== undefined && passed.length !== scores.length) {
    throw new RangeError(`${passed.length} flags for ${scores.length} scores`);
  }
  const flags = passed ?? scores.map((score) => score >= threshold);
  const sd = standardDeviation(scores);
  const mean = meanOf(scores);
  const passRate = flags.filter(Boolean).length / flags.length;
  const passHatK = flags.every(Boolean);
  const varianceScore = Math.max(0, 1 - sd / 0.2);
  const reliability = 0.5 * (passHatK ? 1 : 0) + 0.3 * passRate + 0.2 * varianceScore;
  return {
    runs: scores.length,
    mean,
    sd,
    min: Math.min(...scores),
    max: Math.max(...scores),
    passAt1: flags[0] ?? false,
    passRate,
    passHatK,
    worstOfN: Math.min(...scores),
    varianceScore,
    reliability,
    taskScore: 0.9 * mean + 0.1 * reliability,
    interval: meanInterval(scores) ?? { lower: mean, upper: mean },
    highVariance: sd > HIGH_VARIANCE_SD,
  };
}

const meanOf = (values: readonly number[]): number => pairwiseSum(values) / values.length;

function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  return Math.sqrt(pairwiseSum(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
}

/**
 * ClawBench's interval of a mean: percentiles of 10,000 resamples, with its own seed and so with its own draws. Below some
 * twenty values such an interval is too narrow; Tollgate's report has its own beside it. null without a value.
 */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  if (values.length === 0) return null;
  if (values.length === 1) return { lower: values[0] ?? 0, upper: values[0] ?? 0 };
  const draws = new NumpyDraws();
  const means = Float64Array.from({ length: RESAMPLES }, () =>
    meanOf(values.map(() => values[draws.below(values.length)] ?? 0)),
  ).sort();
  const outside = 1 - CONFIDENCE;
  return {
    lower: percentile(means, (100 * outside) / 2),
    upper: percentile(means, 100 * (1 - outside / 2)),
  };
}

/** Of sorted values, linear between neighbours, in numpy's order of operations. */
function percentile(sorted: Float64Array, percent: number): number {
  const position = (sorted.length - 1) * (percent / 100);
  const below = Math.floor(position);
  const share = position - below;
  const [low = 0, high = low] = [sorted[below], sorted[below + 1]];
  return share >= 0.5 ? high - (high - low) * (1 - share) : low + (high - low) * share;
}

/** Signal-to-noise ratio in decibels, larger is better: one bad task weighs more than many good ones. null without a score. */
export function signalToNoiseDb(scores: readonly number[], floor = 1e-3): number | null {
  if (scores.length === 0) return null;
  const sum = scores.reduce((all, score) => all + 1 / Math.max(floor, score) ** 2, 0);
  return -10 * Math.log10(sum / scores.length);
}

/** Percentile of unsorted values, linear between neighbours, as ClawBench gives durations; null without a value. */
export function latencyPercentile(values: readonly number[], percent: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * (percent / 100);
  const below = Math.floor(position);
  const [low = 0, high = low] = [sorted[below], sorted[below + 1]];
  return low * (1 - (position - below)) + high * (position - below);
}
