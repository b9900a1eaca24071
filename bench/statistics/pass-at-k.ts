/**
 * pass@k of one problem: 1 - C(n - c, k) / C(n, k), the chance that at least one of k of its n samples passes when c did.
 * Unbiased, unlike 1 - (1 - c/n)^k; as a product, because binomials of 200 samples are no numbers of a computer. Throws RangeError
 * where k samples cannot be drawn of n.
 */
export function passAtK({
  passes,
  samples,
  k,
}: {
  readonly passes: number;
  readonly samples: number;
  readonly k: number;
}): number {
  if (![passes, samples, k].every(Number.isInteger) || passes < 0 || passes > samples)
    throw new RangeError(`impossible counts: ${passes} passes of ${samples} samples, k = ${k}`);
  if (k < 1 || k > samples)
    throw new RangeError(`pass@${k} needs at least ${k} samples, and there are ${samples}`);
  if (samples - passes < k) return 1;
  let none = 1;
  // From the largest factor down: the last digit is then that of the exact quotient of whole numbers.
  for (let index = samples; index > samples - passes; index -= 1) none *= 1 - k / index;
  return 1 - none;
}
