import { integral } from "./quadrature.ts";

/** z with P(|Z| <= z) = 0.95 for the standard normal distribution. */
export const normalPoint = 1.959_963_984_540_054;

const known = new Map<number, number>();

/**
 * t with P(|T| <= t) = 0.95 for `degrees` >= 1, which need not be whole. With T = tan(a) * sqrt(degrees) the density of a is a power of its
 * cosine, so that the probability is a quotient of two integrals of it.
 */
export function studentPoint(degrees: number): number {
  const before = known.get(degrees);
  if (before !== undefined) return before;
  const power = (angle: number) => Math.cos(angle) ** (degrees - 1);
  // Beyond this angle nothing is left of a high power.
  const last = degrees > 400 ? Math.min(Math.PI / 2, 12 / Math.sqrt(degrees)) : Math.PI / 2;
  const wanted = 0.95 * (degrees < 4 ? halfOfBeta(degrees) : integral(power, 0, last));
  let [low, high] = [0, last];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (integral(power, 0, middle) < wanted) low = middle;
    else high = middle;
  }
  const t = Math.tan((low + high) / 2) * Math.sqrt(degrees);
  known.set(degrees, t);
  return t;
}

/** The integral of cos(a) ** (degrees - 1) from 0 to a right angle. Few degrees have no smooth end there, but the gamma function is known. */
function halfOfBeta(degrees: number): number {
  return (Math.sqrt(Math.PI) / 2) * Math.exp(logGamma(degrees / 2) - logGamma((degrees + 1) / 2));
}

/** Lanczos' approximation (g = 7, nine terms), to about 1e-15. */
function logGamma(x: number): number {
  const terms = [
    676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6,
    12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
  ];
  const at = x - 1;
  const sum = terms.reduce((total, term, index) => total + term / (at + index + 1), 0.999_999_999_999_809_9);
  const shifted = at + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (at + 0.5) * Math.log(shifted) - shifted + Math.log(sum);
}
