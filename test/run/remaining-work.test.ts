import { describe, expect, test } from "vitest";
import { redoFailedEpisodes, redoInterrupted, redoUnusable } from "../../bench/run/remaining-work.ts";
import type { RunRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import { buildEpisode, plannedCell, segmentEnded, segmentStarted } from "../store/run-builder.ts";

const cell = plannedCell("raw", 2);
const { cellId } = cell;

/** A segment with the results of some of the cell's episodes; without a reason it is left open, as by kill -9. */
function segment(
  segmentId: string,
  episodes: readonly number[],
  reason: SegmentEndedRecord["reason"] | null,
): RunRecord[] {
  return [
    segmentStarted(cellId, segmentId),
    ...episodes.map((index) => buildEpisode(cell, index, { segmentId })),
    ...(reason === null ? [] : [segmentEnded(cellId, { segmentId, reason })]),
  ];
}
const verdict = (name: string): RunRecord => ({
  v: 1,
  type: "cell",
  cellId,
  at: "2026-11-21T12:00:12.000Z",
  summary: { verdict: name },
});

describe("--redo interrupted", () => {
  test.each<[what: string, records: RunRecord[], again: boolean]>([
    ["a whole cell is left alone", segment("s0", [0, 1], "complete"), false],
    ["killed, then nothing", segment("s0", [0], null), true],
    [
      "interrupted, then the rest",
      [...segment("s0", [0], "interrupted"), ...segment("s1", [1], "complete")],
      true,
    ],
    ["killed, then the rest", [...segment("s0", [0], null), ...segment("s1", [1], "complete")], true],
    [
      "its engine died, then the rest",
      [...segment("s0", [0], "engine-died"), ...segment("s1", [1], "complete")],
      true,
    ],
    [
      "done again as a whole: a second call does nothing",
      [...segment("s0", [0], null), ...segment("s1", [1], "complete"), ...segment("s2", [0, 1], "complete")],
      false,
    ],
    [
      "done again and interrupted again",
      [...segment("s0", [0], null), ...segment("s1", [0], "interrupted"), ...segment("s2", [1], "complete")],
      true,
    ],
    [
      "stopped before a first result: the rest is whole",
      [...segment("s0", [], "interrupted"), ...segment("s1", [0, 1], "complete")],
      false,
    ],
  ])("%s", (_, records, again) => {
    expect([...redoInterrupted(records)]).toEqual(again ? [cellId] : []);
  });

  test("another cell's interruption is not this one's", () => {
    const other = plannedCell("gateway", 1);
    const records = [
      ...segment("s0", [0, 1], "complete"),
      segmentStarted(other.cellId),
      buildEpisode(other, 0),
      segmentEnded(other.cellId, { reason: "interrupted" }),
    ];
    expect([...redoInterrupted(records)]).toEqual([other.cellId]);
  });
});

describe("--redo invalid", () => {
  const redo = redoUnusable(new Set(["valid", "client-limited"]));

  test.each<[verdicts: string[], again: boolean]>([
    [["valid"], false],
    [["client-limited"], false],
    [["token-mismatch"], true],
    [["token-mismatch", "valid"], false],
    [["token-mismatch", "not-drained"], true],
    [["valid", "engine-died"], true],
    [[], false],
  ])("the last verdict decides: %j", (verdicts, again) => {
    expect([...redo(verdicts.map(verdict))]).toEqual(again ? [cellId] : []);
  });
});

test("a collection tries failed episodes and those with an incomplete record again, and only their last result counts", () => {
  const failed = buildEpisode(cell, 0, { status: "failed", reward: null });
  const incomplete = buildEpisode(cell, 1, { labels: ["gateway-record-incomplete"] });
  const good = buildEpisode(cell, 0, { segmentId: "s1" });
  expect([...redoFailedEpisodes([failed, incomplete])]).toEqual([failed.episodeId, incomplete.episodeId]);
  expect([...redoFailedEpisodes([failed, good])]).toEqual([]);
  expect([...redoFailedEpisodes([good, failed])]).toEqual([failed.episodeId]);
});
