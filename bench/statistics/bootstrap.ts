import { percentile, standardDeviation } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { normalCdf, normalQuantile, studentTQuantile } from "./reference-distributions.ts";
import { below, type Rng } from "./rng.ts";

export interface BootstrapOptions {
  /** e.g. 0.95 */
  readonly confidence: number;
  readonly resamples: number;
  readonly rng: Rng;
  /**
   * `t`: Student's t times the standard deviation of the resampled statistic. `percentile`: quantiles of the resampled
   * statistic. `bca`: the same, corrected for bias and skewness with a jackknife. The latter two are too narrow below
   * about 20 units, and for means of heavy-tailed values (84 to 97 % instead of 95 %; bca is the worse one there); for
   * percentiles over 5 to 50 units `t` holds the truth in 93 to 98 % (test/statistics/coverage.test.ts). For a mean of
   * paired differences use `pairedDifference`. With few resamples the limits themselves scatter: 1,000 or more for the
   * quantiles of 95 %, 400 for `t`.
   */
  readonly method: "t" | "percentile" | "bca";
}

/** A statistic of a sample of units. NaN means "undefined for this sample". */
export type Statistic<Unit> = (units: readonly Unit[]) => number;

/**
 * Bootstrap interval of `statistic` over independent `units`, drawn with replacement. A unit is a value, an episode, a
 * task or a whole block of values: what varies between units (drift, cache state, noisy neighbours) widens the interval.
 * null below two units, or when the statistic is undefined for the data.
 */
export function bootstrap<Unit>(
  units: readonly Unit[],
  statistic: Statistic<Unit>,
  options: BootstrapOptions,
): Interval | null {
  checkOptions(options);
  if (units.length < 2) return null;
  const estimate = statistic(units);
  if (!Number.isFinite(estimate)) return null;
  const { resamples, rng, confidence, method } = options;
  const draw = () => units.map(() => units[below(rng, units.length)] as Unit);
  const resampled = Array.from({ length: resamples }, () => statistic(draw()));
  const defined = resampled.filter(Number.isFinite);
  // A statistic that is undefined for many resamples (a ratio with zero below) has no honest interval.
  if (defined.length < 0.99 * resampled.length) return null;
  const [low, high] = {
    t: () => tLimits({ estimate, resampled: defined, units: units.length, confidence }),
    percentile: () => percentileLimits(defined, confidence),
    bca: () =>
      bcaLimits({
        estimate,
        resampled: defined,
        leaveOneOut: leaveOneOut(units, statistic),
        confidence,
      }),
  }[method]();
  return {
    estimate,
    low,
    high,
    confidence,
    method: `${method} bootstrap over units`,
    units: units.length,
  };
}

function checkOptions({ confidence, resamples }: BootstrapOptions): void {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence must lie in 0..1, got ${confidence}`);
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`resamples must be a positive integer, got ${resamples}`);
  }
}

/** The plug-in variance of a bootstrap is (n - 1) / n of the unbiased one. */
function tLimits({
  estimate,
  resampled,
  units,
  confidence,
}: {
  readonly estimate: number;
  readonly resampled: readonly number[];
  readonly units: number;
  readonly confidence: number;
}): readonly [number, number] {
  const t = studentTQuantile(1 - (1 - confidence) / 2, units - 1);
  const half = t * standardDeviation(resampled) * Math.sqrt(units / (units - 1));
  return [estimate - half, estimate + half];
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
