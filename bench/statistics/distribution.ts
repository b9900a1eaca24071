/** How every percentile of raw values in Tollgate is computed; printed beside them. */
export const percentileMethod =
  "linear interpolation between order statistics at rank (n - 1) q (Hyndman-Fan type 7, NumPy's default)";

/** Why a percentile is missing although there are values; printed beside tables that have gaps. */
export const minimumSampleRule =
  "a percentile p is printed from the smallest n on at which P(Binomial(n, 1 - p) <= 1) <= 0.01: p50 11, p90 64, p95 130, p99 662";

/** Summary of raw values in their own unit. A percentile is null when there are too few values to support it. */
export interface Distribution {
  readonly count: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Sample standard deviation (n - 1); null below two values. */
  readonly standardDeviation: number | null;
  readonly p50: number | null;
  readonly p75: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Summary of `values` (any order, all finite). Throws RangeError on NaN or infinity: those are for the caller to exclude and count. */
export function summarize(values: readonly number[]): Distribution {
  const sorted = sortedFinite(values);
  const count = sorted.length;
  const mean = count === 0 ? null : meanOf(sorted);
  return {
    count,
    mean,
    min: sorted[0] ?? null,
    max: sorted[count - 1] ?? null,
    standardDeviation: count < 2 ? null : standardDeviation(sorted),
    p50: supportedPercentile(sorted, 0.5),
    p75: supportedPercentile(sorted, 0.75),
    p90: supportedPercentile(sorted, 0.9),
    p95: supportedPercentile(sorted, 0.95),
    p99: supportedPercentile(sorted, 0.99),
  };
}

/**
 * The q-quantile (0..1) of `values` by {@link percentileMethod}, whatever their number; null when there are none.
 * For tables use {@link summarize}, which applies the minimum-sample rule.
 */
export function percentile(values: readonly number[], q: number): number | null {
  return percentileOfSorted(sortedFinite(values), q);
}

/** Arithmetic mean; NaN for no values. */
export function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Sample standard deviation with divisor n - 1; NaN below two values. */
export function standardDeviation(values: readonly number[]): number {
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

const minimumSamplesByQuantile = new Map<number, number>();

/**
 * Fewest samples from which the q-quantile (0 < q < 1) may be stated: {@link minimumSampleRule}. It is the rule behind
 * MLPerf's early stopping at confidence 0.99 with one observation allowed beyond the percentile; symmetric in q and 1 - q.
 */
export function minimumSamples(q: number): number {
  if (!(q > 0 && q < 1)) throw new RangeError(`a quantile must lie strictly between 0 and 1, got ${q}`);
  const known = minimumSamplesByQuantile.get(q);
  if (known !== undefined) return known;
  const p = Math.max(q, 1 - q);
  let samples = 2;
  while (p ** samples + samples * (1 - p) * p ** (samples - 1) > 0.01) samples++;
  minimumSamplesByQuantile.set(q, samples);
  return samples;
}

function supportedPercentile(sorted: readonly number[], q: number): number | null {
  return sorted.length >= minimumSamples(q) ? percentileOfSorted(sorted, q) : null;
}

function percentileOfSorted(sorted: readonly number[], q: number): number | null {
  const rank = (sorted.length - 1) * q;
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (rank - Math.floor(rank));
}

function sortedFinite(values: readonly number[]): readonly number[] {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`a distribution needs finite values, got ${bad}`);
  return Array.from(Float64Array.from(values).sort());
}
