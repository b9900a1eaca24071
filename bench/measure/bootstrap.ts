import { percentile } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { normalCdf, normalQuantile } from "./reference-distributions.ts";
import { below, type Rng } from "./rng.ts";

export interface BootstrapOptions {
  /** e.g. 0.95 */
  readonly confidence: number;
  readonly resamples: number;
  readonly rng: Rng;
  /**
   * `percentile`: quantiles of the resampled statistic. `bca`: the same, corrected for bias and skewness with a
   * jackknife. Both are too narrow below about 20 units and for means of heavy-tailed values (about 90 % instead of
   * 95 %; bca is the worse one there): for a mean of paired differences use `pairedDifference`. With few resamples the
   * limits themselves scatter: 1,000 or more for 95 %.
   */
  readonly method: "percentile" | "bca";
}

/** A statistic of a sample of units. NaN means "undefined for this sample". */
export type Statistic<Unit> = (units: readonly Unit[]) => number;

/**
 * Bootstrap interval of `statistic` over independent `units` (values, episodes, or whole blocks of them), drawn with
 * replacement. null below two units, or when the statistic is undefined for the data.
 */
export function bootstrap<Unit>(
  units: readonly Unit[],
  statistic: Statistic<Unit>,
  options: BootstrapOptions,
): Interval | null {
  const draw = () => units.map(() => units[below(options.rng, units.length)] as Unit);
  return intervalFrom(units, statistic, { ...options, draw, unit: "units" });
}

/**
 * Block bootstrap: whole blocks are drawn, so that what varies between blocks (drift, cache state, noisy neighbours)
 * widens the interval. The statistic sees the values of the drawn blocks joined.
 */
export function blockBootstrap(
  blocks: readonly (readonly number[])[],
  statistic: Statistic<number>,
  options: BootstrapOptions,
): Interval | null {
  const filled = blocks.filter((block) => block.length > 0);
  const joined: Statistic<readonly number[]> = (drawn) => statistic(drawn.flat());
  const interval = bootstrap(filled, joined, options);
  return interval === null ? null : { ...interval, method: `${options.method} bootstrap over blocks` };
}

/**
 * Circular block bootstrap of one autocorrelated series: runs of `blockLength` neighbours are drawn, wrapping at the
 * end. `blockLength` should exceed the distance over which neighbours resemble each other. Only `percentile`: a
 * jackknife over single values would ignore the very dependence this is for.
 */
export function circularBlockBootstrap(
  series: readonly number[],
  statistic: Statistic<number>,
  options: Omit<BootstrapOptions, "method"> & { readonly blockLength: number },
): Interval | null {
  const { blockLength, rng } = options;
  if (!Number.isInteger(blockLength) || blockLength < 1) {
    throw new RangeError(`blockLength must be a positive integer, got ${blockLength}`);
  }
  if (series.length < 2 * blockLength) return null;
  const draw = () => {
    const drawn: number[] = [];
    while (drawn.length < series.length) {
      const start = below(rng, series.length);
      for (let step = 0; step < blockLength; step++)
        drawn.push(series[(start + step) % series.length] as number);
    }
    return drawn.slice(0, series.length);
  };
  return intervalFrom(series, statistic, {
    ...options,
    method: "percentile",
    draw,
    unit: "neighbouring runs",
  });
}

function intervalFrom<Unit>(
  units: readonly Unit[],
  statistic: Statistic<Unit>,
  plan: BootstrapOptions & { readonly draw: () => readonly Unit[]; readonly unit: string },
): Interval | null {
  checkOptions(plan);
  if (units.length < 2) return null;
  const estimate = statistic(units);
  if (!Number.isFinite(estimate)) return null;
  const resampled = Array.from({ length: plan.resamples }, () => statistic(plan.draw()));
  const defined = resampled.filter(Number.isFinite);
  // A statistic that is undefined for many resamples (a ratio with zero below) has no honest interval.
  if (defined.length < 0.99 * resampled.length) return null;
  const [low, high] =
    plan.method === "bca"
      ? bcaLimits({
          estimate,
          resampled: defined,
          leaveOneOut: leaveOneOut(units, statistic),
          confidence: plan.confidence,
        })
      : percentileLimits(defined, plan.confidence);
  const method = `${plan.method} bootstrap over ${plan.unit}`;
  return { estimate, low, high, confidence: plan.confidence, method, units: units.length };
}

function checkOptions({ confidence, resamples }: BootstrapOptions): void {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence must lie in 0..1, got ${confidence}`);
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`resamples must be a positive integer, got ${resamples}`);
  }
}

function percentileLimits(resampled: readonly number[], confidence: number): readonly [number, number] {
  const alpha = (1 - confidence) / 2;
  return [quantileOf(resampled, alpha), quantileOf(resampled, 1 - alpha)];
}

export interface BcaInput {
  readonly estimate: number;
  readonly resampled: readonly number[];
  /** The statistic with each unit left out once. */
  readonly leaveOneOut: readonly number[];
  readonly confidence: number;
}

/**
 * Bias-corrected and accelerated limits (Efron 1987). Deterministic: what varies is only the resampling. Where the
 * estimate lies beyond every resample the bias is bounded by half a resample instead of being infinite.
 */
export function bcaLimits(input: BcaInput): readonly [number, number] {
  const { estimate, resampled, confidence } = input;
  const size = resampled.length;
  const lower = resampled.filter((value) => value < estimate).length;
  const equal = resampled.filter((value) => value === estimate).length;
  const share = Math.min(Math.max((lower + equal / 2) / size, 0.5 / size), 1 - 0.5 / size);
  const bias = normalQuantile(share);
  const acceleration = accelerationOf(input.leaveOneOut);
  const alpha = (1 - confidence) / 2;
  const adjusted = (probability: number) => {
    const shifted = bias + normalQuantile(probability);
    return normalCdf(bias + shifted / (1 - acceleration * shifted));
  };
  return [quantileOf(resampled, adjusted(alpha)), quantileOf(resampled, adjusted(1 - alpha))];
}

/** Skewness of the jackknife values over 6; 0 when they are all equal. */
function accelerationOf(leaveOneOut: readonly number[]): number {
  const mean = leaveOneOut.reduce((sum, value) => sum + value, 0) / leaveOneOut.length;
  const scale = Math.max(...leaveOneOut.map((value) => Math.abs(mean - value)));
  if (scale === 0) return 0;
  let squares = 0;
  let cubes = 0;
  for (const value of leaveOneOut) {
    // Scaled, because cubes of very small deviations underflow to 0 / 0.
    const deviation = (mean - value) / scale;
    squares += deviation ** 2;
    cubes += deviation ** 3;
  }
  return cubes / (6 * squares ** 1.5);
}

function leaveOneOut<Unit>(units: readonly Unit[], statistic: Statistic<Unit>): readonly number[] {
  return units.map((_, left) => statistic(units.filter((_, index) => index !== left)));
}

function quantileOf(values: readonly number[], q: number): number {
  return percentile(values, q) ?? Number.NaN;
}
