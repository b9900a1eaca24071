/** A request's stay in a system, monotonic nanoseconds. */
export interface Stay {
  readonly startedNs: number;
  readonly endedNs: number;
}

export interface LittleCheck {
  /** L: requests in flight, averaged over the window's time. */
  readonly inFlight: number;
  /** lambda: arrivals within the window per second. */
  readonly arrivalsPerSecond: number;
  /** W: mean stay of the requests that arrived within the window, in seconds. */
  readonly stayMeanSeconds: number;
  /** inFlight / (arrivalsPerSecond * stayMeanSeconds) - 1; 0 when the three numbers agree. */
  readonly discrepancy: number;
  readonly requests: number;
}

/**
 * Little's law over a window: mean in flight = arrival rate x mean stay. It holds exactly when every stay lies inside
 * the window; stays cut by its edges leave a discrepancy of about (cut share), and anything beyond that means that
 * requests are missing or clocks disagree. null when no request arrived in the window.
 */
export function checkLittle(
  stays: readonly Stay[],
  window: { readonly startNs: number; readonly endNs: number },
): LittleCheck | null {
  const lengthNs = window.endNs - window.startNs;
  if (!(lengthNs > 0)) throw new RangeError(`a window must have a length, got ${lengthNs} ns`);
  let presentNs = 0;
  let stayNs = 0;
  let arrivals = 0;
  for (const { startedNs, endedNs } of stays) {
    presentNs += Math.max(0, Math.min(endedNs, window.endNs) - Math.max(startedNs, window.startNs));
    if (startedNs < window.startNs || startedNs >= window.endNs) continue;
    arrivals++;
    stayNs += endedNs - startedNs;
  }
  if (arrivals === 0 || stayNs === 0) return null;
  const inFlight = presentNs / lengthNs;
  const arrivalsPerSecond = arrivals / (lengthNs / 1e9);
  const stayMeanSeconds = stayNs / arrivals / 1e9;
  const discrepancy = inFlight / (arrivalsPerSecond * stayMeanSeconds) - 1;
  return { inFlight, arrivalsPerSecond, stayMeanSeconds, discrepancy, requests: arrivals };
}
