import { expect, test } from "vitest";
import { endedWithin, meanInFlight, steadyWindow } from "../../../bench/analysis/slo/steady-window.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

/** Episodes of 10 s each, so many in flight, as a closed loop runs them. */
function closedLoop(count: number, inFlight: number): readonly EpisodeRecord[] {
  const cell = plannedCell("raw", count);
  return Array.from({ length: count }, (_, index) => {
    const startedNs = 10e9 * Math.floor(index / inFlight) + (index % inFlight) * 1e9;
    return { ...buildEpisode(cell, index), startedNs, endedNs: startedNs + 10e9 };
  });
}

test("from the end of the first wave until the last episode began", () => {
  // The fourth ends at 13 s; the sixteenth begins at 33 s.
  expect(steadyWindow(closedLoop(16, 4), 4)).toEqual({ startNs: 13e9, endNs: 33e9 });
});

test("what ended in it had the whole load around it", () => {
  const episodes = closedLoop(16, 4);
  const window = steadyWindow(episodes, 4);
  const within = episodes.filter((episode) => endedWithin(window, episode));
  const inFlightAt = (ns: number) =>
    episodes.filter(({ startedNs, endedNs }) => startedNs <= ns && ns < endedNs).length;
  expect(within.map(({ endedNs }) => endedNs / 1e9)).toEqual([20, 21, 22, 23, 30, 31, 32, 33]);
  expect(within.every(({ endedNs }) => inFlightAt(endedNs) === 4)).toBe(true);
});

test("how many were in flight while the load was held", () => {
  const episodes = closedLoop(16, 4);
  const window = { startNs: 13e9, endNs: 33e9 };
  expect(meanInFlight(window, episodes)).toBe(4);
  // Each rests as long as it works.
  const rested = episodes.map((episode) => ({ ...episode, endedNs: episode.startedNs + 5e9 }));
  expect(meanInFlight(window, rested)).toBe(2);
});

test.each([
  { title: "no episode", count: 0 },
  { title: "fewer than are in flight", count: 3 },
  { title: "one wave", count: 4 },
])("$title: no steady part", ({ count }) => {
  expect(steadyWindow(closedLoop(count, 4), 4)).toBeNull();
});
