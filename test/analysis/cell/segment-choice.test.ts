import { describe, expect, test } from "vitest";
import { segmentUse as segmentUseOf, type RunAgain } from "../../../bench/analysis/cell/segment-choice.ts";
import type { Segment } from "../../../bench/store/progress.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell, segmentEnded } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 2);
const episodes = [buildEpisode(cell, 0), buildEpisode(cell, 1, { segmentId: "s1" })];
const segment = (ended: Segment["ended"], segmentId = "s0"): Segment => ({
  cellId: cell.cellId,
  segmentId,
  at: "2026-11-21T12:00:00.000Z",
  startedNs: 1e9,
  ended,
  resumed: false,
});
const nothing: RunAgain = { replaced: [], failedShareMax: 0.05, stopped: new Set() };
const segmentUse = (of: Segment, counted: readonly EpisodeRecord[], again: Partial<RunAgain> = {}) =>
  segmentUseOf(of, counted, { ...nothing, ...again });
const complete = segmentEnded(cell.cellId, { endedNs: 3e9, reason: "complete", drained: true });

test("a segment that ran to its end gives rates over its own time and its own episodes", () => {
  expect(segmentUse(segment(complete), episodes)).toEqual({
    segmentId: "s0",
    used: true,
    excluded: null,
    episodes: 1,
    seconds: 2,
    drained: true,
  });
});

test.each(["interrupted", "engine-died"] as const)("one that was %s gives none, and says so", (reason) => {
  expect(segmentUse(segment({ ...complete, reason }), episodes)).toMatchObject({
    used: false,
    excluded: reason,
  });
});

test("a killed one has no end, so neither length nor rates", () => {
  expect(segmentUse(segment(null), episodes)).toMatchObject({
    used: false,
    excluded: "unclosed",
    seconds: null,
    drained: null,
  });
});

test("one whose episodes were all run again is replaced by the later one", () => {
  expect(segmentUse(segment(complete, "s9"), episodes)).toMatchObject({
    used: false,
    excluded: "replaced",
    episodes: 0,
  });
});

test("one in which the engine died is replaced by a later call that did all of it again, not by the same run's next segment", () => {
  const died = segment({ ...complete, reason: "engine-died" }, "s9");
  expect(segmentUse(died, episodes)).toMatchObject({ excluded: "engine-died" });
  expect(segmentUse({ ...died, resumed: true }, episodes)).toMatchObject({ excluded: "replaced" });
  const kept = { ...segment({ ...complete, reason: "engine-died" }), resumed: true };
  expect(segmentUse(kept, episodes)).toMatchObject({ excluded: "engine-died", episodes: 1 });
});

describe("a segment whose failed episodes were run again", () => {
  const many = plannedCell("raw", 40);
  const kept = (count: number) => Array.from({ length: count }, (_, at) => buildEpisode(many, at));
  const failed = (count: number, changes: Partial<EpisodeRecord> = {}) =>
    Array.from({ length: count }, (_, at) => buildEpisode(many, 39 - at, { status: "failed", ...changes }));
  const died = { ...complete, reason: "engine-died" as const };
  const interrupted = { ...complete, reason: "interrupted" as const };
  const stopped = new Set([`${cell.cellId}/s0`]);

  test.each([
    [
      "too many failed: it measured a failing service",
      segment(complete),
      { replaced: failed(3) },
      "repaired",
    ],
    ["few failed: it stands", segment(complete), { replaced: failed(1) }, null],
    ["it was given up", segment(interrupted), { replaced: failed(1), stopped }, "repaired"],
    ["it was stopped by somebody", segment(interrupted), { replaced: failed(1) }, "interrupted"],
    ["given up and not gone on with", segment(interrupted), { stopped }, "interrupted"],
    [
      "its engine died, and a later call went on",
      { ...segment(died), resumed: true },
      { replaced: failed(1) },
      "repaired",
    ],
    ["its engine died, and the same call went on", segment(died), { replaced: failed(1) }, "engine-died"],
    [
      "a good episode was run again",
      segment(complete),
      { replaced: failed(1, { status: "completed" }) },
      "repaired",
    ],
    ["those of another segment", segment(complete), { replaced: failed(9, { segmentId: "s5" }) }, null],
  ])("%s", (...[, of, again, excluded]) => {
    expect(segmentUse(of, kept(30), again).excluded).toBe(excluded);
  });

  test("and which still failed elsewhere in it is what it was", () => {
    expect(
      segmentUse(segment(complete), [...kept(3), ...failed(1)], { replaced: failed(3) }).excluded,
    ).toBeNull();
  });
});
