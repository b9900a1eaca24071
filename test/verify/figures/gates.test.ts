import { expect, test } from "vitest";
import { impossibleFigures } from "../../../bench/verify/figures/gates.ts";
import type { JsonValue } from "../../../bench/verify/evidence/json-value.ts";

const sound: { readonly [name: string]: JsonValue } = {
  passRate: { value: 0.5, count: 4, low: 0.2, high: 0.8 },
  episodes: { planned: 4, finished: 4, judged: 4, passed: 2 },
  ttftMs: { count: 200, p50: { value: 3 }, p95: { value: 9 }, p99: { value: null }, max: 12 },
  outer: { requests: 4, answered: 4, promptTokens: 100, cachedTokens: 90 },
  agentEngine: { cacheHitRate: 0.9 },
};
const figures = (changes: { readonly [name: string]: JsonValue }) =>
  impossibleFigures("report.json", { cells: [{ ...sound, ...changes }] }).map(({ figure }) => figure);

test("numbers that a run can show pass", () => {
  expect(figures({})).toEqual([]);
  expect(figures({ passRate: { value: null, count: 0, low: null, high: null } })).toEqual([]);
  expect(figures({ passRate: { value: 1, count: 3, low: 1, high: 1 } })).toEqual([]);
});

test("counts, times and differences beside shares are none", () => {
  const passAtK = {
    ks: [1, 10],
    cells: [
      {
        rows: [{ k: 10, mean: { value: 0.5, count: 20, low: 0.4, high: 0.6 } }],
        secondsToSolution: { median: 3 },
      },
    ],
  };
  const lengths = { differences: [{ ttftMs: { difference: { value: -2, count: 4, low: -4, high: 1 } } }] };
  expect(impossibleFigures("report.json", { passAtK, lengths })).toEqual([]);
});

test.each([
  ["a rate above 1", { passRate: { value: 1.25, count: 4, low: 0.2, high: 1.5 } }, "cells[0].passRate.value"],
  [
    "a cache that hits more than there is",
    { agentEngine: { cacheHitRate: 1.2 } },
    "cells[0].agentEngine.cacheHitRate",
  ],
  [
    "more passed than judged",
    { episodes: { planned: 4, finished: 4, judged: 2, passed: 3 } },
    "cells[0].episodes",
  ],
  ["more finished than planned", { episodes: { planned: 4, finished: 5 } }, "cells[0].episodes"],
  ["more cached tokens than tokens", { outer: { promptTokens: 100, cachedTokens: 101 } }, "cells[0].outer"],
  ["a negative time", { ttftMs: { max: -1 } }, "cells[0].ttftMs.max"],
  [
    "an interval beside its value",
    { passRate: { value: 0.5, count: 4, low: 0.6, high: 0.8 } },
    "cells[0].passRate",
  ],
  ["a third of two", { passRate: { value: 1 / 3, count: 2, low: 0, high: 1 } }, "cells[0].passRate"],
  [
    "no error although outcomes differ",
    { passRate: { value: 0.5, count: 4, low: 0.5, high: 0.5 } },
    "cells[0].passRate",
  ],
  [
    "percentiles out of order",
    { ttftMs: { p50: { value: 3 }, p95: { value: 2 }, max: 12 } },
    "cells[0].ttftMs",
  ],
  ["a percentile above the largest value", { ttftMs: { p50: { value: 13 }, max: 12 } }, "cells[0].ttftMs"],
])("%s is impossible", (_what, changes, figure) => {
  expect(figures(changes)).toContain(figure);
});
