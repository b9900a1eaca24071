import { expect, test } from "vitest";
import {
  countBy,
  finishedEpisodes,
  progressOf,
  remainingEpisodes,
  segmentsOf,
} from "../../bench/store/progress.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import {
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "./run-builder.ts";

const raw = plannedCell("raw", 2);
const gateway = plannedCell("gateway", 2, 4);
const identity = buildIdentity({ cells: [raw, gateway] });
const run = (records: readonly RunRecord[]) => ({
  directory: "/nowhere",
  identity,
  records,
  recordsEndByte: 0,
  warnings: [],
});
const runEnded = (reason: "complete" | "interrupted" | "failed"): RunRecord => ({
  v: 1,
  type: "run-ended",
  at: "2026-11-21T12:10:00.000Z",
  reason,
  exitCode: 0,
  error: null,
});

test("of several results of an episode the last one counts, and a cancelled attempt is none", () => {
  const records = [
    buildEpisode(raw, 0, { reward: 0 }),
    buildEpisode(raw, 0, { reward: 1 }),
    buildEpisode(raw, 0, { status: "cancelled", reward: null }),
    buildEpisode(raw, 1, { status: "cancelled", reward: null }),
  ];
  const finished = finishedEpisodes(records);
  expect([...finished.values()].map(({ taskId, reward }) => [taskId, reward])).toEqual([["0", 1]]);
  expect(remainingEpisodes(identity, records)).toEqual([
    { cellId: raw.cellId, episodeIds: [raw.episodeIds[1]] },
    { cellId: gateway.cellId, episodeIds: gateway.episodeIds },
  ]);
});

test("a segment without an end is open; ends belong to the segment of their cell", () => {
  const records = [
    segmentStarted(raw.cellId),
    segmentStarted(gateway.cellId),
    segmentEnded(gateway.cellId),
    segmentStarted(raw.cellId, "s1"),
  ];
  expect(
    segmentsOf(records).map(({ cellId, segmentId, ended }) => [cellId, segmentId, ended === null]),
  ).toEqual([
    [raw.cellId, "s0", true],
    [gateway.cellId, "s0", false],
    [raw.cellId, "s1", true],
  ]);
});

test("a segment says whether a later call went on with its cell", () => {
  const records = [
    runStarted(identity),
    segmentStarted(raw.cellId),
    segmentStarted(raw.cellId, "s1"),
    segmentStarted(gateway.cellId),
    runStarted(identity, true),
    segmentStarted(raw.cellId, "s2"),
  ];
  expect(segmentsOf(records).map(({ resumed }) => resumed)).toEqual([true, true, false, false]);
});

test.each([
  ["a living driver", [runStarted(identity)], true, "running"],
  ["a driver that was killed", [runStarted(identity)], false, "interrupted"],
  ["a run that ended", [runStarted(identity), runEnded("complete")], false, "complete"],
  ["a run that failed", [runStarted(identity), runEnded("failed")], false, "failed"],
  [
    "a driver that was killed after a resume",
    [runStarted(identity), runEnded("complete"), runStarted(identity, true)],
    false,
    "interrupted",
  ],
] as const)("the state of a run: %s", (...[, records, driverAlive, state]) => {
  expect(progressOf(run(records), driverAlive).state).toBe(state);
});

test("a cell is planned, running, interrupted or complete, whatever its verdict", () => {
  const stateOf = (records: readonly RunRecord[], driverAlive: boolean) =>
    progressOf(run(records), driverAlive).cells[0]?.state;
  const open = [segmentStarted(raw.cellId), buildEpisode(raw, 0)];
  expect(stateOf([], true)).toBe("planned");
  expect(stateOf(open, true)).toBe("running");
  expect(stateOf(open, false)).toBe("interrupted");
  expect(stateOf([...open, segmentEnded(raw.cellId)], true)).toBe("interrupted");
  expect(stateOf([...open, buildEpisode(raw, 1), segmentEnded(raw.cellId)], false)).toBe("complete");
});

test("the time that is left follows the pace of each load, and is not known while a load was never measured", () => {
  const first = [
    segmentStarted(raw.cellId),
    buildEpisode(raw, 0, { endedNs: 5e9 }),
    buildEpisode(raw, 1, { endedNs: 10e9 }),
    segmentEnded(raw.cellId),
  ];
  expect(progressOf(run(first), true)).toMatchObject({ episodesPerMinute: 12, etaSeconds: null });
  // An open segment ends at its last episode: one episode in 20 s, one more to come.
  const second = [segmentStarted(gateway.cellId), buildEpisode(gateway, 0, { endedNs: 20e9 })];
  expect(progressOf(run([...first, ...second]), true)).toMatchObject({
    episodesPerMinute: 6,
    etaSeconds: 20,
  });
});

test("failures are counted by class, and a verdict is taken from the last summary of a cell", () => {
  const failed = buildEpisode(raw, 0, {
    status: "failed",
    reward: null,
    failure: { class: "engine", message: "it died" },
  });
  const summaries = ["client-limited", "valid"].map((verdict): RunRecord => ({
    v: 1,
    type: "cell",
    cellId: raw.cellId,
    at: "2026-11-21T12:10:00.000Z",
    summary: { verdict },
  }));
  const progress = progressOf(
    run([failed, buildEpisode(raw, 1, { status: "timed-out" }), ...summaries]),
    false,
  );
  expect(progress.failuresByClass).toEqual({ engine: 1 });
  expect(progress.episodesByStatus).toEqual({ completed: 0, failed: 1, "timed-out": 1, cancelled: 0 });
  expect(progress.cells.map(({ verdict }) => verdict)).toEqual(["valid", null]);
  expect(countBy(["b", "a", "b"])).toEqual({ b: 2, a: 1 });
});

test("a run that has said why it ended is not running, although its driver still writes the report", () => {
  const ended = [runStarted(identity), runEnded("complete")];
  expect(progressOf(run(ended), true).state).toBe("complete");
  expect(progressOf(run([...ended, runStarted(identity, true)]), true).state).toBe("running");
});
