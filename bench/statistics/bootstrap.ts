import { standardDeviation } from "./distribution.ts";
import type { Interval } from "./interval.ts";
import { studentTQuantile } from "./reference-distributions.ts";
import { below, type Rng } from "./rng.ts";

export interface BootstrapOptions {
  /** e.g. 0.95 */
  readonly confidence: number;
  /** 400 are enough: only their standard deviation is used. */
  readonly resamples: number;
  readonly rng: Rng;
}

/** A statistic of a sample of units. NaN means "undefined for this sample". */
export type Statistic<Unit> = (units: readonly Unit[]) => number;

/**
 * Bootstrap interval of `statistic` over independent `units`, drawn with replacement: Student's t times the standard
 * deviation of the resampled statistic. A unit is a value, an episode, a task or a whole block of values: what varies
 * between units (drift, cache state, noisy neighbours) widens the interval. null below two units, or when the statistic is
 * undefined for the data.
 *
 * Quantiles of the resamples are too narrow below about 20 units, with or without a correction for skewness; for percentiles
 * over 5 to 50 units this form holds the truth in 93 to 98 % (test/statistics/coverage.test.ts). For a mean of paired
 * differences use `pairedDifference`.
 */
export function bootstrap<Unit>(
  units: readonly Unit[],
  statistic: Statistic<Unit>,
  options: BootstrapOptions,
): Interval | null {
  const { rng, resamples } = options;
  checkConfidence(options);
  if (units.length < 2) return null;
  const estimate = statistic(units);
  if (!Number.isFinite(estimate)) return null;
  const draw = () => units.map(() => units[below(rng, units.length)] as Unit);
  const resampled = Array.from({ length: resamples }, () => statistic(draw()));
  return intervalOf({ estimate, resampled, units: units.length }, options);
}

/** A sample of which each unit is drawn so many times. */
export interface WeightedSample<Drawn> {
  readonly units: number;
  /** What was drawn is valid until the next draw. */
  readonly drawn: (times: Uint32Array) => Drawn;
}

/**
 * The intervals of several statistics of one sample. Each is what {@link bootstrap} gives for it with the same seed, because all look at
 * the same draws, which are made once.
 */
export function bootstrapEach<Drawn, Name extends string>(
  sample: WeightedSample<Drawn>,
  statistics: Readonly<Record<Name, (drawn: Drawn) => number>>,
  options: BootstrapOptions,
): Readonly<Record<Name, Interval | null>> {
  const { rng, resamples } = options;
  checkConfidence(options);
  const { units } = sample;
  const named = Object.entries(statistics) as [Name, (drawn: Drawn) => number][];
  const times = new Uint32Array(units);
  const values = (drawn: Drawn) => named.map(([, statistic]) => statistic(drawn));
  const estimates = units < 2 ? [] : values(sample.drawn(times.fill(1)));
  const draws = units < 2 ? 0 : resamples;
  const resampled = named.map(() => new Float64Array(draws));
  for (let at = 0; at < draws; at += 1) {
    times.fill(0);
    for (let drawn = 0; drawn < units; drawn += 1) {
      const unit = below(rng, units);
      times[unit] = (times[unit] ?? 0) + 1;
    }
    for (const [index, value] of values(sample.drawn(times)).entries()) {
      const column = resampled[index];
      if (column !== undefined) column[at] = value;
    }
  }
  return Object.fromEntries(
    named.map(([name], index) => {
      const estimate = estimates[index] ?? Number.NaN;
      const column = [...(resampled[index] ?? [])];
      return [
        name,
        Number.isFinite(estimate) ? intervalOf({ estimate, resampled: column, units }, options) : null,
      ];
    }),
  ) as Record<Name, Interval | null>;
}

function checkConfidence({ confidence }: BootstrapOptions): void {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence must lie in 0..1, got ${confidence}`);
}

function intervalOf(
  of: { readonly estimate: number; readonly resampled: readonly number[]; readonly units: number },
  { confidence }: BootstrapOptions,
): Interval | null {
  const { estimate, resampled, units } = of;
  const defined = resampled.filter(Number.isFinite);
  // A statistic that is undefined for many resamples (a ratio with zero below) gets no interval, because it would be of the others only.
  if (defined.length < 0.99 * resampled.length) return null;
  const t = studentTQuantile(1 - (1 - confidence) / 2, units - 1);
  // The plug-in variance of a bootstrap is (n - 1) / n of the unbiased one.
  const half = t * standardDeviation(defined) * Math.sqrt(units / (units - 1));
  const limits = { low: estimate - half, high: estimate + half };
  return { estimate, ...limits, confidence, method: "t bootstrap over units", units };
}
