/** Distribution functions that intervals and tests need, to about 1e-12; checked against SciPy in the tests. */

/** P(Z <= z) for the standard normal distribution. */
export function normalCdf(z: number): number {
  const tail = 0.5 * upperIncompleteGammaHalf((z * z) / 2);
  return z < 0 ? tail : 1 - tail;
}

/** The z with P(Z <= z) = p. Infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  return symmetricQuantile(p, normalCdf);
}

/** P(T <= t) for Student's t distribution with `degrees` > 0 degrees of freedom. */
export function studentTCdf(t: number, degrees: number): number {
  const tail = 0.5 * regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t < 0 ? tail : 1 - tail;
}

/** The t with P(T <= t) = p for `degrees` degrees of freedom. Infinite at 0 and 1. */
export function studentTQuantile(p: number, degrees: number): number {
  return symmetricQuantile(p, (t) => studentTCdf(t, degrees));
}

/** Natural logarithm of the gamma function for x > 0: Stirling's series after shifting x to 10 or above. */
export function logGamma(x: number): number {
  let shifted = x;
  let correction = 0;
  while (shifted < 10) {
    correction += Math.log(shifted);
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - correction;
}

/** I_x(a, b), the regularized incomplete beta function for 0 <= x <= 1. */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The continued fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return front / (a * betaFraction(x, a, b));
}

const iterationsMax = 500;

/** Lentz's evaluation of the continued fraction of the incomplete beta function. */
function betaFraction(x: number, a: number, b: number): number {
  let value = 1;
  let numerator = 1;
  let denominator = 0;
  for (let step = 1; step <= iterationsMax; step++) {
    const half = Math.floor(step / 2);
    const coefficient =
      step % 2 === 0
        ? (half * (b - half) * x) / ((a + step - 1) * (a + step))
        : -((a + half) * (a + b + half) * x) / ((a + step - 1) * (a + step));
    denominator = 1 / awayFromZero(1 + coefficient * denominator);
    numerator = awayFromZero(1 + coefficient / numerator);
    const change = numerator * denominator;
    value *= change;
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return value;
}

/** Q(1/2, x) = erfc(sqrt(x)): a series for small x, a continued fraction for large x. */
function upperIncompleteGammaHalf(x: number): number {
  if (x === 0) return 1;
  const front = Math.exp(-x + 0.5 * Math.log(x) - 0.5 * Math.log(Math.PI));
  if (x < 2) {
    let term = 2;
    let total = term;
    for (let step = 1; step <= iterationsMax && term > total * 1e-17; step++) {
      term *= x / (0.5 + step);
      total += term;
    }
    return 1 - front * total;
  }
  let b = x + 0.5;
  let c = 1 / Number.MIN_VALUE;
  let d = 1 / b;
  let value = d;
  for (let step = 1; step <= iterationsMax; step++) {
    const coefficient = -step * (step - 0.5);
    b += 2;
    d = 1 / awayFromZero(coefficient * d + b);
    c = awayFromZero(b + coefficient / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * value;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

/** Inverse of a distribution function that is symmetric about 0, by bisection in its accurate lower tail. */
function symmetricQuantile(p: number, cdf: (x: number) => number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a probability must lie in 0..1, got ${p}`);
  if (p > 0.5) return -symmetricQuantile(1 - p, cdf);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 0.5) return 0;
  let low = -1;
  while (cdf(low) > p) low *= 2;
  let high = low === -1 ? 0 : low / 2;
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (cdf(middle) > p) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
