import { expect, test } from "vitest";
import { stoppedByFailures } from "../../bench/store/failed-episodes.ts";
import type { RunRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import {
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "./run-builder.ts";

const cell = plannedCell("raw", 20);
const other = plannedCell("gateway", 20);

/** A segment whose episodes ended so: `x` failed, `.` did not, `c` was cancelled. */
function segment(
  ends: string,
  reason: SegmentEndedRecord["reason"] = "interrupted",
  of: typeof cell = cell,
): RunRecord[] {
  const status = { x: "failed", c: "cancelled" } as const;
  return [
    segmentStarted(of.cellId),
    ...ends.split("").map((end, at) => buildEpisode(of, at, { status: status[end as "x"] ?? "completed" })),
    segmentEnded(of.cellId, { reason }),
  ];
}

test.each<[what: string, records: RunRecord[], failures: number, stopped: string[]]>([
  ["a row as long as the limit", segment(".xxx"), 3, [`${cell.cellId}/s0`]],
  ["too short", segment(".xx"), 3, []],
  ["what was in flight may end well afterwards", segment(".xxx."), 3, [`${cell.cellId}/s0`]],
  ["a cancelled attempt is no end", segment("xxcx"), 3, [`${cell.cellId}/s0`]],
  ["it ran on: there was no limit then", segment("xxxxx", "complete"), 3, []],
  [
    "over two cells",
    [...segment("xx", "complete"), ...segment("x", "interrupted", other)],
    3,
    [`${other.cellId}/s0`],
  ],
  ["another call counts anew", [...segment("xx"), runStarted(buildIdentity({})), ...segment("x")], 3, []],
  ["no limit", segment("xxxxxxxx"), 0, []],
])("%s", (...[, records, failures, stopped]) => {
  expect([...stoppedByFailures(records, failures)]).toEqual(stopped);
});
