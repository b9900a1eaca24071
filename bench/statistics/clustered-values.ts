/**
 * Values of several units (episodes, blocks, tasks) in ascending order. Values of one unit are alike, so a bootstrap
 * draws units whole; because values are sorted once and a draw is a walk with weights, it costs no sort per draw.
 */
export class ClusteredValues {
  /** How many. */
  readonly units: number;
  readonly #values: Float64Array;
  readonly #unitOf: Uint32Array;
  /** Of the last draw: a large sample is drawn hundreds of times. */
  readonly #ends: Uint32Array;

  constructor(units: readonly (readonly number[])[]) {
    this.units = units.length;
    const count = units.reduce((sum, { length }) => sum + length, 0);
    const [values, unitOf] = [new Float64Array(count), new Uint32Array(count)];
    let filled = 0;
    for (const [unit, own] of units.entries()) {
      values.set(own, filled);
      unitOf.fill(unit, filled, filled + own.length);
      filled += own.length;
    }
    const order = Uint32Array.from(values, (_, at) => at).sort(
      (a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b,
    );
    this.#values = Float64Array.from(order, (at) => values[at] ?? Number.NaN);
    this.#unitOf = Uint32Array.from(order, (at) => unitOf[at] ?? 0);
    this.#ends = new Uint32Array(count);
  }

  get count(): number {
    return this.#values.length;
  }

  /** NaN without values. */
  get smallest(): number {
    return this.#values[0] ?? Number.NaN;
  }

  /** The values of the units, each as often as its unit was drawn. Valid until the next draw. */
  drawn(times: Uint32Array): DrawnValues {
    let [end, sum] = [0, 0];
    for (let at = 0; at < this.#ends.length; at += 1) {
      const copies = times[this.#unitOf[at] ?? 0] ?? 0;
      this.#ends[at] = end += copies;
      sum += copies * (this.#values[at] ?? Number.NaN);
    }
    return new DrawnValues({ values: this.#values, ends: this.#ends, sum });
  }
}

export class DrawnValues {
  readonly #values: Float64Array;
  /** Position behind the value's last copy. */
  readonly #ends: Uint32Array;
  readonly #sum: number;

  constructor(drawn: { readonly values: Float64Array; readonly ends: Uint32Array; readonly sum: number }) {
    this.#values = drawn.values;
    this.#ends = drawn.ends;
    this.#sum = drawn.sum;
  }

  get count(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** NaN without values. */
  mean(): number {
    return this.#sum / this.count;
  }

  /** By `percentileMethod`; NaN without values. */
  percentile(q: number): number {
    const rank = (this.count - 1) * q;
    const [low, high] = [this.#at(Math.floor(rank)), this.#at(Math.ceil(rank))];
    return low + (high - low) * (rank - Math.floor(rank));
  }

  /** The value at a 0-based position: the first whose end lies behind it. */
  #at(position: number): number {
    if (!(position >= 0 && position < this.count)) return Number.NaN;
    let [from, to] = [0, this.#ends.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#ends[middle] ?? 0) > position) to = middle;
      else from = middle + 1;
    }
    return this.#values[from] ?? Number.NaN;
  }
}
