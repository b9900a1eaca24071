import { expect, test } from "vitest";
import { exclusionsOf } from "../../bench/analysis/exclusions.ts";
import type { CellSummary } from "../../bench/analysis/cell/cell-summary.ts";
import { buildEpisode, plannedCell } from "../store/run-builder.ts";
import { measuredCell } from "./measured-cell-builder.ts";

const sound = measuredCell("raw", { pathMs: 1 });
const changed = (summary: Partial<CellSummary>) => measuredCell("gateway", { pathMs: 1, summary });

test("a run in which everything counts leaves nothing out", () => {
  expect(exclusionsOf([sound], [])).toEqual([]);
});

test("the same reason in several cells is one line with their sum and their names", () => {
  const episodes = { ...sound.summary.episodes, byFailureClass: { "engine-died": 2 } };
  const found = exclusionsOf([changed({ cellId: "a", episodes }), changed({ cellId: "b", episodes })], []);
  expect(found).toEqual([
    {
      what: "episodes",
      count: 4,
      reason: "failed: engine-died (no reward, no trajectory)",
      cells: ["a", "b"],
    },
  ]);
});

test("every number says what it lacks: rates, latencies, token sums, waste, the path", () => {
  const [segment] = sound.summary.segments;
  const impossibleUsage = { count: 2, first: '{"prompt_tokens":-5}' };
  const incomplete = { "carries an error": 4, "was given up, with finish reason abort": 1 };
  const cell = changed({
    segments: segment === undefined ? [] : [{ ...segment, excluded: "interrupted", episodes: 3 }],
    waste: { attempts: 1, requests: 2, promptTokens: 3, completionTokens: 4 },
    outer: {
      ...sound.summary.outer,
      requests: 14,
      cameAtOnce: 3,
      impossibleUsage,
      answered: 7,
      incomplete,
      withoutUsage: 1,
    },
  });
  const path = { ...cell.path, unmatched: 5, retried: 6 };
  expect(
    exclusionsOf([{ ...cell, path }], []).map(({ count, what, reason }) => [count, what, reason]),
  ).toEqual([
    [3, "episodes", "segment s0 interrupted: no rates, no latencies"],
    [1, "attempts", "no result (killed or cancelled): their tokens are waste"],
    [5, "requests", "not found at the inner tap: left out of the path"],
    [6, "requests", "sent more than once by the gateway: left out of the path"],
    [1, "requests", "answered without usage: token sums are unknown"],
    [3, "requests", "all tokens in one chunk: no ITL"],
    [2, "answers", 'with impossible usage, which counts as not reported; the first: {"prompt_tokens":-5}'],
    [
      4,
      "requests",
      "answered with 200, but the answer carries an error: not counted as answered, no latency",
    ],
    [
      1,
      "requests",
      "answered with 200, but the answer was given up, with finish reason abort: not counted as answered, no latency",
    ],
    [2, "requests", "not answered: no latency"],
  ]);
});

test("an episode that was run again counts once, and the first time is named", () => {
  const cell = plannedCell("raw", 1);
  const records = [buildEpisode(cell, 0), buildEpisode(cell, 0, { segmentId: "s1" })];
  expect(exclusionsOf([], records)).toEqual([
    {
      what: "episodes",
      count: 1,
      reason: "replaced by a later run (--resume after failures, or --redo)",
      cells: [],
    },
  ]);
});
