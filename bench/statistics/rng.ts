/** A source of uniform draws. Everything random takes one, so that a run is a function of its seed. */
export interface Rng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
}

/**
 * sfc32 (Doty-Humphrey's small fast counter generator, 128 bits of state), seeded with one integer.
 * Two seeds give unrelated streams after the 12 warm-up rounds. Not for secrets.
 */
export function createRng(seed: number): Rng {
  let a = Math.floor(seed / 2 ** 32) | 0;
  let b = seed | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return { next };
}

/** Uniform integer in [0, bound). The bias of scaling 32 bits is below bound / 2^32. */
export function below(rng: Rng, bound: number): number {
  return Math.floor(rng.next() * bound);
}

/** One draw from the standard normal distribution (Box-Muller, the cosine half). */
export function normal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return radius * Math.cos(2 * Math.PI * rng.next());
}

/** One draw from the exponential distribution with the given mean. */
export function exponential(rng: Rng, mean: number): number {
  return -mean * Math.log(1 - rng.next());
}

/** One draw from the gamma distribution with the given shape and mean (Marsaglia-Tsang, boosted below shape 1). */
export function gamma(rng: Rng, options: { readonly shape: number; readonly mean: number }): number {
  const { shape, mean } = options;
  const scale = mean / shape;
  if (shape < 1) {
    const boosted = gamma(rng, { shape: shape + 1, mean: (shape + 1) * scale });
    return boosted * (1 - rng.next()) ** (1 / shape);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(rng);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale;
  }
}

/** A new array in random order (Fisher-Yates); the input is left alone. */
export function shuffled<T>(rng: Rng, items: readonly T[]): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = below(rng, last + 1);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
