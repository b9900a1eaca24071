import type { ObservedCell } from "../../../bench/analysis/slo/observed-cell.ts";

/** A cell of one request an episode, with these times to first token. */
export function cellOfTimes(times: readonly number[], changes: Partial<ObservedCell> = {}): ObservedCell {
  const { repetition = 0, concurrency = 4, arm = "raw" } = changes;
  const cellId = `c${concurrency}-r${repetition}-${arm}`;
  const ttft = times.map((value, index) => ({ value, cluster: `${cellId}-${index}` }));
  return {
    cellId,
    arm,
    armKind: "raw",
    load: `closed:${concurrency}`,
    concurrency,
    repetition,
    values: { ttft, itl: [], e2e: [], episode: [] },
    outcomes: [],
    seconds: 60,
    episodes: times.length,
    good: times.length,
    spoiled: null,
    unusable: null,
    inFlight: concurrency,
    unheld: null,
    doubt: null,
    ...changes,
  };
}

/** Passed and failed tasks, one trial each. */
export function outcomes(passed: number, failed: number): ObservedCell["outcomes"] {
  return Array.from({ length: passed + failed }, (_, index) => ({
    task: `task-${index}`,
    passed: index < passed,
  }));
}
