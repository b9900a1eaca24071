/**
 * Values of several units (episodes, blocks, tasks) in ascending order. Values of one unit are alike, so a bootstrap
 * draws units whole; because values are sorted once and a draw is a walk with weights, it costs no sort per draw.
 */
export class ClusteredValues {
  /** Of the units, in the order in which they were given. */
  readonly units: readonly number[];
  readonly #values: Float64Array;
  readonly #unitOf: Uint32Array;

  constructor(units: readonly (readonly number[])[]) {
    this.units = units.map((_, unit) => unit);
    const sorted = units
      .flatMap((values, unit) => values.map((value) => ({ value, unit })))
      .sort((a, b) => a.value - b.value);
    this.#values = Float64Array.from(sorted, ({ value }) => value);
    this.#unitOf = Uint32Array.from(sorted, ({ unit }) => unit);
  }

  get count(): number {
    return this.#values.length;
  }

  /** NaN without values. */
  get smallest(): number {
    return this.#values[0] ?? Number.NaN;
  }

  /** The values of the drawn units, each as often as its unit was drawn. */
  drawn(units: readonly number[]): DrawnValues {
    const times = new Uint32Array(this.units.length);
    for (const unit of units) times[unit] = (times[unit] ?? 0) + 1;
    const ends = new Uint32Array(this.#values.length);
    let end = 0;
    for (let at = 0; at < ends.length; at += 1) ends[at] = end += times[this.#unitOf[at] ?? 0] ?? 0;
    return new DrawnValues(this.#values, ends);
  }
}

class DrawnValues {
  readonly #values: Float64Array;
  /** Position behind the value's last copy. */
  readonly #ends: Uint32Array;

  constructor(values: Float64Array, ends: Uint32Array) {
    this.#values = values;
    this.#ends = ends;
  }

  get count(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** NaN without values. */
  mean(): number {
    let sum = 0;
    let before = 0;
    for (let at = 0; at < this.#ends.length; at += 1) {
      const end = this.#ends[at] ?? Number.NaN;
      sum += (end - before) * (this.#values[at] ?? Number.NaN);
      before = end;
    }
    return sum / this.count;
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
