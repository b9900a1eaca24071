import { describe, expect, test } from "vitest";
import {
  redoAll,
  redoFailed,
  redoFailedEpisodes,
  redoFailing,
  redoInterrupted,
  redoUnusable,
  remainingCells,
  type RedoRule,
} from "../../bench/run/remaining-work.ts";
import type { RunRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import { buildEpisode, plannedCell, segmentEnded, segmentStarted } from "../store/run-builder.ts";

const cell = plannedCell("raw", 2);
const { cellId } = cell;
const limits = { failures: 3, failedShare: 0.05 };

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
    expect([...redoInterrupted(records, limits)]).toEqual(again ? [cellId] : []);
  });

  test("another cell's interruption is not this one's", () => {
    const other = plannedCell("gateway", 1);
    const records = [
      ...segment("s0", [0, 1], "complete"),
      segmentStarted(other.cellId),
      buildEpisode(other, 0),
      segmentEnded(other.cellId, { reason: "interrupted" }),
    ];
    expect([...redoInterrupted(records, limits)]).toEqual([other.cellId]);
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
    expect([...redo(verdicts.map(verdict), limits)]).toEqual(again ? [cellId] : []);
  });
});

describe("what --resume does again", () => {
  const many = plannedCell("raw", 40);
  /** A segment of the cell whose episodes ended so: `x` failed, `.` did not. */
  const ended = (ends: string, reason: SegmentEndedRecord["reason"], segmentId = "s0"): RunRecord[] => [
    segmentStarted(many.cellId, segmentId),
    ...ends.split("").map((end, at) =>
      buildEpisode(many, at, {
        segmentId,
        ...(end === "x" && { status: "failed" as const, reward: null }),
      }),
    ),
    segmentEnded(many.cellId, { segmentId, reason }),
  ];
  const places = (records: readonly RunRecord[], rule: RedoRule) =>
    [...rule(records, limits)].map((id) => many.episodeIds.indexOf(id));

  test.each<[what: string, records: RunRecord[], again: number[]]>([
    ["nothing of a good cell", ended("....", "complete"), []],
    ["failed episodes of a failing cell", ended(".x.x", "complete"), [1, 3]],
    ["not those of a cell in which few failed", ended(`${".".repeat(30)}x`, "complete"), []],
    ["what failed when the run was given up", ended(`${".".repeat(37)}xxx`, "interrupted"), [37, 38, 39]],
    ["what an engine took with it", ended(`${".".repeat(30)}x`, "engine-died"), [30]],
    ["once: a good second result stands", [...ended("x", "complete"), ...ended(".", "complete", "s1")], []],
  ])("%s", (_, records, again) => {
    expect(places(records, redoFailing)).toEqual(again);
  });

  test("--redo failed: those of every cell; with what --resume does anyway", () => {
    const few = ended(`${".".repeat(30)}x`, "complete");
    expect(places(few, redoFailed)).toEqual([30]);
    expect(places(few, redoAll(redoFailing, redoFailed))).toEqual([30]);
  });
});

test("a collection tries failed episodes and those with an incomplete record again, and only their last result counts", () => {
  const failed = buildEpisode(cell, 0, { status: "failed", reward: null });
  const incomplete = buildEpisode(cell, 1, { labels: ["gateway-record-incomplete"] });
  const good = buildEpisode(cell, 0, { segmentId: "s1" });
  expect([...redoFailedEpisodes([failed, incomplete], limits)]).toEqual([
    failed.episodeId,
    incomplete.episodeId,
  ]);
  expect([...redoFailedEpisodes([failed, good], limits)]).toEqual([]);
  expect([...redoFailedEpisodes([good, failed], limits)]).toEqual([failed.episodeId]);
});

describe("what is left to do", () => {
  const [first, second] = [plannedCell("raw", 2), plannedCell("gateway", 2)];
  const plan = {
    cells: [first, second].map(({ cellId: id, arm, episodeIds }) => ({
      cell: {
        cellId: id,
        arm: { kind: "raw" as const, name: arm },
        concurrency: 1,
        repetition: 0,
        block: 0,
      },
      episodes: episodeIds.map((episodeId, index) => ({
        episodeId,
        task: { taskId: String(index), trial: 0, seed: 1, facts: { domain: "library" } },
      })),
    })),
    episodeCount: 4,
    identity: { hashes: {}, cells: [] },
  };
  const left = (records: readonly RunRecord[], rule?: RedoRule) =>
    remainingCells(plan, records, rule?.(records, limits)).map(({ segmentId, remaining }) => [
      segmentId,
      ...remaining.map(({ task }) => task.taskId),
    ]);

  test("everything, in first segments, when nothing was recorded", () => {
    expect(left([])).toEqual([
      ["s0", "0", "1"],
      ["s0", "0", "1"],
    ]);
  });

  test("what has no result, in a segment of its own; a cancelled attempt is none", () => {
    const records = [
      ...segment("s0", [0], null),
      buildEpisode(first, 1, { status: "cancelled", reward: null }),
      ...segment("s1", [], "interrupted"),
    ];
    expect(left(records)).toEqual([
      ["s2", "1"],
      ["s0", "0", "1"],
    ]);
  });

  test("a failed episode has a result: only a rule repeats it", () => {
    const failed = buildEpisode(first, 0, { status: "failed", reward: null });
    const records = [
      segmentStarted(first.cellId),
      failed,
      buildEpisode(first, 1),
      segmentEnded(first.cellId),
    ];
    expect(left(records)[0]).toEqual(["s1"]);
    expect(left(records, redoFailedEpisodes)[0]).toEqual(["s1", "0"]);
  });

  test("a cell that is done again is done as a whole", () => {
    const records = [...segment("s0", [0], null), ...segment("s1", [1], "complete")];
    expect(left(records, redoInterrupted)[0]).toEqual(["s2", "0", "1"]);
  });
});
