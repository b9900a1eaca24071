import type { EpisodeRecord } from "../../store/record.ts";

/** Monotonic nanoseconds. */
export interface Window {
  readonly startNs: number;
  readonly endNs: number;
}

/**
 * The time in which a closed load was held: from the end of as many episodes as were in flight (all begin at once, and that wave
 * has to pass) until the last one began, after which fewer and fewer are in flight. null where nothing is left of it.
 */
export function steadyWindow(episodes: readonly EpisodeRecord[], inFlight: number): Window | null {
  const ends = episodes.map(({ endedNs }) => endedNs).sort((a, b) => a - b);
  const startNs = ends[inFlight - 1];
  const endNs = Math.max(...episodes.map(({ startedNs }) => startedNs));
  return startNs === undefined || startNs >= endNs ? null : { startNs, endNs };
}

/** Episodes in flight in it, mean over its time. */
export function meanInFlight(window: Window, episodes: readonly EpisodeRecord[]): number {
  const busyNs = episodes.reduce(
    (sum, { startedNs, endedNs }) =>
      sum + Math.max(0, Math.min(endedNs, window.endNs) - Math.max(startedNs, window.startNs)),
    0,
  );
  return busyNs / (window.endNs - window.startNs);
}

/** What ended in it: all of that had the whole load around it. */
export function endedWithin(window: Window | null, { endedNs }: { readonly endedNs: number }): boolean {
  return window === null || (endedNs > window.startNs && endedNs <= window.endNs);
}
