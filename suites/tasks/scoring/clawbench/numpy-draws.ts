/**
 * The draws of `numpy.random.default_rng(42).choice`, with which ClawBench makes its intervals: PCG64 with xor-shift-low and a
 * random rotation, and Lemire's bounded integers on halves of its words. The same draws give the same bounds, not only
 * similar ones.
 */
const seed42 = {
  state: 0xcea44f6798798f2aacbc7c9d68860ac8n,
  increment: 0xfa505436c9a8416e66caf2e28d25abffn,
};
const multiplier = 0x2360ed051fc65da44385df649fccf645n;
const word = (1n << 64n) - 1n;
const long = (1n << 128n) - 1n;
const half = 2 ** 32;

export class NumpyDraws {
  #state = seed42.state;
  #upperHalf: number | null = null;

  /** An index below `size`. */
  below(size: number): number {
    if (size <= 1) return 0;
    const threshold = (half - size) % size;
    for (;;) {
      const product = this.#next32() * size;
      const rest = product % half;
      if (rest >= threshold) return (product - rest) / half;
    }
  }

  #next32(): number {
    const kept = this.#upperHalf;
    this.#upperHalf = null;
    if (kept !== null) return kept;
    const value = this.#next64();
    this.#upperHalf = Number(value >> 32n);
    return Number(value & 0xffffffffn);
  }

  #next64(): bigint {
    this.#state = (this.#state * multiplier + seed42.increment) & long;
    const mixed = (this.#state >> 64n) ^ (this.#state & word);
    const rotation = this.#state >> 122n;
    return ((mixed >> rotation) | (mixed << (64n - rotation))) & word;
  }
}

/** Sum in numpy's order of additions, on which the last digit depends. */
export function pairwiseSum(values: readonly number[]): number {
  if (values.length > 128) {
    const middle = Math.floor(values.length / 2 / 8) * 8;
    return pairwiseSum(values.slice(0, middle)) + pairwiseSum(values.slice(middle));
  }
  const whole = values.length - (values.length % 8);
  let sum = 0;
  if (whole > 0) {
    const lanes = [0, 1, 2, 3, 4, 5, 6, 7].map((lane) => {
      let lanesSum = values[lane] ?? 0;
      for (let at = lane + 8; at < whole; at += 8) lanesSum += values[at] ?? 0;
      return lanesSum;
    });
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
    sum = a + b + (c + d) + (e + f + (g + h));
  }
  for (let at = whole; at < values.length; at++) sum += values[at] ?? 0;
  return sum;
}
