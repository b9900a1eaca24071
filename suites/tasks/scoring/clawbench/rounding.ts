/** As Python's `round(value, 4)`: to the nearest, and a value that lies exactly between two goes to the even one. */
export function rounded(value: number): number {
  // Only multiples of 1/32 can lie exactly between two numbers of four digits.
  const halves = value * 20_000;
  if (Number.isInteger(value * 32) && Math.abs(halves % 2) === 1) {
    const lower = Math.floor(halves / 2);
    return (lower % 2 === 0 ? lower : lower + 1) / 10_000;
  }
  return Number(value.toFixed(4));
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
