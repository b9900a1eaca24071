/** The two clocks a measurement may read. Passed in, so that tests and replays decide what time it is. */
export interface Clock {
  /** CLOCK_MONOTONIC in nanoseconds: comparable between processes of one host, meaningless across hosts. */
  nowNs(): number;
  /** Wall clock as ISO 8601 in UTC: a label, never subtracted. */
  wallIso(): string;
}

/**
 * The machine's clocks. Nanoseconds stay exact as a Number for 104 days of uptime (2^53 ns); after that they are
 * rounded to even nanoseconds, far below what is measured here.
 */
export const systemClock: Clock = {
  nowNs: () => Number(process.hrtime.bigint()),
  wallIso: () => new Date().toISOString(),
};

/** Nanoseconds between two readings of one clock, in seconds. */
export function secondsBetween(startNs: number, endNs: number): number {
  return (endNs - startNs) / 1e9;
}

/** Nanoseconds between two readings of one clock, in milliseconds. */
export function millisecondsBetween(startNs: number, endNs: number): number {
  return (endNs - startNs) / 1e6;
}
