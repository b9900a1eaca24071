import { expect, test } from "vitest";
import { segmentUse } from "../../../bench/analysis/cell/segment-choice.ts";
import type { Segment } from "../../../bench/store/progress.ts";
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
