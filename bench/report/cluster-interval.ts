import { percentile } from "../measure/distribution.ts";
import { below, createRng } from "../measure/rng.ts";

/** A value and the unit it comes from: an episode, a task. Values of one unit are alike, so units are drawn whole. */
export interface ClusteredValue {
  readonly value: number;
  readonly cluster: string;
}

/** Fewest units for which an interval is stated. */
export const minimumClusters = 10;
const resamples = 1000;
/** Fixed, so that a report rebuilds to the same bytes. */
const seed = 20_261_121;

export interface Limits {
  readonly low: number;
  readonly high: number;
}

export interface ClusterIntervals {
  readonly mean: Limits;
  readonly p50: Limits;
  readonly p95: Limits;
}

/**
 * 95 % percentile-bootstrap intervals of a mean and two percentiles over units. The same as drawing whole units and
 * taking `percentile` of the joined values; because values are sorted once and a resample is a walk with weights,
 * it costs no sort per resample. null below `minimumClusters` units.
 */
export function clusterIntervals(values: readonly ClusteredValue[]): ClusterIntervals | null {
  const sorted = [...values].sort((a, b) => a.value - b.value);
  const numbers = new Map<string, number>();
  for (const { cluster } of sorted) if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
  if (numbers.size < minimumClusters) return null;
  const units = Uint32Array.from(sorted, ({ cluster }) => numbers.get(cluster) ?? 0);
  const amounts = Float64Array.from(sorted, ({ value }) => value);
  const rng = createRng(seed);
  const draws = { mean: [] as number[], p50: [] as number[], p95: [] as number[] };
  for (let resample = 0; resample < resamples; resample += 1) {
    const drawn = new Uint32Array(numbers.size);
    for (let draw = 0; draw < drawn.length; draw += 1) {
      const unit = below(rng, drawn.length);
      drawn[unit] = (drawn[unit] ?? 0) + 1;
    }
    const sample = new WeightedSample(amounts, units, drawn);
    draws.mean.push(sample.mean());
    draws.p50.push(sample.percentile(0.5));
    draws.p95.push(sample.percentile(0.95));
  }
  return { mean: middle(draws.mean), p50: middle(draws.p50), p95: middle(draws.p95) };
}

/** Sorted values, each as often as its unit was drawn. */
class WeightedSample {
  readonly #amounts: Float64Array;
  /** Position behind the value's last copy in the joined sample. */
  readonly #ends: Uint32Array;
  readonly #sum: number;

  constructor(amounts: Float64Array, units: Uint32Array, drawn: Uint32Array) {
    this.#amounts = amounts;
    this.#ends = new Uint32Array(amounts.length);
    let end = 0;
    let sum = 0;
    for (let at = 0; at < amounts.length; at += 1) {
      const weight = drawn[units[at] ?? 0] ?? 0;
      end += weight;
      sum += weight * (amounts[at] ?? 0);
      this.#ends[at] = end;
    }
    this.#sum = sum;
  }

  get #count(): number {
    return this.#ends.at(-1) ?? 0;
  }

  mean(): number {
    return this.#sum / this.#count;
  }

  /** Hyndman-Fan type 7, as `percentile` computes it. */
  percentile(q: number): number {
    const rank = (this.#count - 1) * q;
    const [low, high] = [this.#at(Math.floor(rank)), this.#at(Math.ceil(rank))];
    return low + (high - low) * (rank - Math.floor(rank));
  }

  /** The value at a 0-based position of the joined sample: the first whose end lies behind it. */
  #at(position: number): number {
    let [from, to] = [0, this.#ends.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#ends[middle] ?? 0) > position) to = middle;
      else from = middle + 1;
    }
    return this.#amounts[from] ?? Number.NaN;
  }
}

function middle(draws: readonly number[]): Limits {
  return { low: percentile(draws, 0.025) ?? Number.NaN, high: percentile(draws, 0.975) ?? Number.NaN };
}
