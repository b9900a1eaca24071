import { expect, test } from "vitest";
import { momentOf, runTimes } from "../../../bench/mlflow/entries/run-times.ts";
import { buildEpisode, plannedCell, segmentEnded, segmentStarted } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 2);
const start = Date.parse("2026-11-21T12:00:01.000Z");

test("a cell whose driver was killed has the time of its last episode, and not that of its start", () => {
  const episode = { ...buildEpisode(cell, 0), startedNs: 1e9, endedNs: 42e9 };
  const { whole, cells } = runTimes("2026-11-21T12:00:00.000Z", [segmentStarted(cell.cellId), episode]);
  const times = cells.get(cell.cellId);
  expect(times).toEqual({ startedMs: start, endedMs: null, lastMs: start + 42_000 });
  expect(times && momentOf(times)).toBe(start + 42_000);
  expect(momentOf(whole)).toBe(start + 42_000);
});

test("one that came to its end has that, also where it was gone on with", () => {
  const again = { ...segmentEnded(cell.cellId, { segmentId: "s1" }), at: "2026-11-21T13:00:00.000Z" };
  const records = [
    segmentStarted(cell.cellId),
    segmentEnded(cell.cellId),
    segmentStarted(cell.cellId, "s1"),
    again,
  ];
  expect(runTimes("2026-11-21T12:00:00.000Z", records).cells.get(cell.cellId)).toMatchObject({
    startedMs: start,
    endedMs: Date.parse(again.at),
  });
});
